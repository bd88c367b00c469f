/* Arrow keys and a swipe do what the link or button for the photo or cartoon before and after does. */
const step = (by) => {
  for (const control of document.querySelectorAll(`[data-step="${by}"]`)) if (control.offsetParent) return control.click();
};
document.addEventListener("keydown", (event) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, video, [tabindex]") || document.querySelector(".menu[open]")) return;
  event.preventDefault();
  step(by);
});
let from;
document.addEventListener("pointerdown", (event) => {
  // Two fingers enlarge; while the page is enlarged, one moves it.
  from = event.isPrimary && event.target.closest("[data-swipe]") && visualViewport.scale < 1.1 && event;
});
document.addEventListener("pointerup", (event) => {
  if (!from || !event.isPrimary) return;
  const [x, y] = [event.clientX - from.clientX, event.clientY - from.clientY];
  from = null;
  if (Math.abs(x) > 40 && Math.abs(x) > 2 * Math.abs(y)) step(x < 0 ? 1 : -1);
});
document.addEventListener("dragstart", (event) => {
  if (event.target.closest?.("[data-swipe]")) event.preventDefault(); // a mouse would carry the picture away
});
