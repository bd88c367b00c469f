/* Runs before the first paint (classic script, in head): restores what the reader chose. */
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    if (location.hash === "#full") {
      localStorage.removeItem("edition");
      history.replaceState(null, "", location.pathname + location.search);
    } else if ("lite" in document.currentScript.dataset && localStorage.getItem("edition") === "lite") {
      location.replace(`/lite${location.pathname}${location.search}`);
    }
    const size = localStorage.getItem("text-size");
    if (+size) root.style.setProperty("--reading", size);
    const theme = localStorage.getItem("theme");
    if (theme) root.style.colorScheme = theme;
    root.dataset.hidden = Object.keys(localStorage)
      .filter((key) => key.startsWith("hide:") && +localStorage.getItem(key) > Date.now())
      .map((key) => key.slice(5)).join(" ");
  } catch { /* storage refused: the page still works */ }
})();
