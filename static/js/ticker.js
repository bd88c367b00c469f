/* Ticker: closed for 24 hours by a mark in this browser; opening it again takes the mark away. */
const DAY = 864e5;
for (const box of document.querySelectorAll("details[data-notice]")) {
  const key = `hide:${box.dataset.notice}`;
  try {
    if (+localStorage.getItem(key) > Date.now()) box.open = false;
  } catch { /* storage refused: the ticker is simply open */ }
  box.addEventListener("toggle", () => {
    if (!box.open) return;
    try { localStorage.removeItem(key); } catch { /* as above */ }
  });
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-close], [data-hide]");
    if (!button) return;
    box.open = false;
    box.querySelector("summary").focus();
    if (!button.matches("[data-hide]")) return;
    try { localStorage.setItem(key, Date.now() + DAY); } catch { /* as above */ }
  });
}
