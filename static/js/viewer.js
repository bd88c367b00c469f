/* Gallery: a click on a photo opens all of them in a dialog. Without it each photo's link leads to a page of its own. */
const viewer = document.querySelector("[data-viewer]");
const links = [...document.querySelectorAll("[data-view]")];
if (viewer?.showModal && links.length) {
  const part = (name) => viewer.querySelector(name);
  const gallery = location.href;
  const pictures = [];
  let at = 0;
  const prepare = (n) => {
    if (pictures[n] || !links[n]) return;
    pictures[n] = links[n].firstElementChild.cloneNode(true);
    for (const image of pictures[n].children) Object.assign(image, { sizes: "100vw", loading: "eager" });
  };
  const show = (n) => {
    at = Math.min(Math.max(n, 0), links.length - 1);
    [at, at + 1, at - 1].forEach(prepare); // the photos beside it, too, so that none is waited for
    part("[data-swipe]").replaceChildren(pictures[at]);
    part(".viewer-words").replaceChildren(...links[at].closest("figure").querySelector("figcaption > span").cloneNode(true).childNodes);
    part("#viewer-count").textContent = links[at].dataset.view;
    part("[data-share]").href = links[at].href;
    part("[data-status]").textContent = "";
    for (const button of viewer.querySelectorAll("[data-step]")) button.ariaDisabled = !links[at + +button.dataset.step];
    history.replaceState(null, "", links[at].href);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-view]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(links.indexOf(link));
    viewer.showModal();
    part("[data-step=\"1\"]").focus();
  });
  viewer.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.step) show(at + +button.dataset.step);
    else if (button) viewer.close();
  });
  viewer.addEventListener("keydown", (event) => {
    if (event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    show(event.key === "Home" ? 0 : links.length);
  });
  viewer.addEventListener("close", () => {
    history.replaceState(null, "", gallery);
    links[at].focus(); // the page follows to the photo that was seen last
  });
}
