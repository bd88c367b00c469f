/* E-paper: one page at a time, turned by buttons, arrow keys and swipe, and zoomed. Without it all pages stand in a row. */
const paper = document.querySelector("[data-epaper]");
const pages = [...(paper?.querySelectorAll(".epaper-page") ?? [])];
if (pages.length) {
  const bar = paper.querySelector(".epaper-bar");
  const zoomButton = bar.querySelector("[data-zoom]");
  let at = 0;
  const show = (n, { move = true } = {}) => {
    at = Math.min(Math.max(n, 0), pages.length - 1);
    zoom(false);
    pages.forEach((page, index) => page.classList.toggle("now", index === at));
    const image = pages[at + 1]?.querySelector("img");
    if (image) image.loading = "eager"; // the next page is not waited for
    bar.querySelector("[data-where]").textContent = `Page ${at + 1} of ${pages.length}`;
    for (const button of bar.querySelectorAll("[data-turn]")) button.ariaDisabled = String(!pages[at + +button.dataset.turn]);
    zoomButton.hidden = !pages[at].querySelector("[data-sheet]");
    if (!move) return;
    history.replaceState(null, "", `#page-${at + 1}`);
    const top = paper.getBoundingClientRect().top;
    if (top < 0) scrollBy(0, top - 60);
  };
  const zoom = (on, event) => {
    paper.classList.toggle("zoomed", on);
    zoomButton.ariaPressed = String(on);
    const sheet = pages[at].querySelector("[data-sheet]");
    if (!sheet) return;
    sheet.tabIndex = on ? 0 : -1; // what scrolls is reached by keyboard
    if (!on) return sheet.removeAttribute("tabindex");
    const image = sheet.querySelector("img");
    image.sizes = "112rem"; // the largest picture
    const [x, y] = event?.target === image ? [event.offsetX / image.dataset.w, event.offsetY / image.dataset.h] : [0, 0];
    sheet.scrollTo(x * sheet.scrollWidth - sheet.clientWidth / 2, y * sheet.scrollHeight - sheet.clientHeight / 2);
  };
  const ofHash = () => pages.findIndex((page) => `#${page.id}` === location.hash);
  paper.classList.add("flip");
  bar.hidden = false;
  show(Math.max(ofHash(), 0), { move: false });
  addEventListener("hashchange", () => ofHash() >= 0 && show(ofHash()));
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.turn) show(at + +button.dataset.turn);
    else if (button) zoom(button.ariaPressed !== "true");
  });
  addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.target.closest("input, textarea, select, dialog, [contenteditable]")) return;
    const zoomed = paper.classList.contains("zoomed");
    if (event.key === "Escape" && zoomed) zoom(false);
    else if (!zoomed && (event.key === "ArrowRight" || event.key === "ArrowLeft")) show(at + (event.key === "ArrowRight" ? 1 : -1));
    else return;
    event.preventDefault();
  });
  let from = null;
  for (const sheet of paper.querySelectorAll("[data-sheet]")) {
    sheet.addEventListener("pointerdown", (event) => {
      from = event.pointerType === "mouse" || paper.classList.contains("zoomed") ? null : event;
    });
    sheet.addEventListener("pointerup", (event) => {
      const across = from ? event.clientX - from.clientX : 0;
      if (Math.abs(across) > 50 && Math.abs(across) > 2 * Math.abs(event.clientY - from.clientY)) {
        show(at + (across < 0 ? 1 : -1));
        sheet.addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
      }
      from = null;
    });
    sheet.addEventListener("click", (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const image = sheet.querySelector("img");
      Object.assign(image.dataset, { w: image.clientWidth, h: image.clientHeight });
      zoom(!paper.classList.contains("zoomed"), event);
    });
  }
}
