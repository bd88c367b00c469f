/* Names for what the admin's own widgets leave nameless: searching selects, ticks that delete a row, hints. */
const _ = window.gettext ?? ((text) => text);

function labelOf(select) {
  const own = document.querySelector(`label[for="${select.id}"]`) ?? select.closest("details, li")?.querySelector("summary, h3");
  return own?.textContent.trim().replace(/:$/, "") || select.getAttribute("aria-label") || select.name;
}

function nameSelect(box) {
  const select = box.previousElementSibling ?? box.parentElement.querySelector("select");
  if (!select?.matches?.("select")) return;
  const label = labelOf(select);
  for (const part of box.querySelectorAll(".select2-selection, span.select2-selection__rendered, .select2-search__field")) {
    if (part.getAttribute("aria-label") !== label) part.setAttribute("aria-label", label);
  }
}

function all() {
  for (const box of document.querySelectorAll(".select2-container:not(.select2-container--open)")) nameSelect(box);
  for (const tick of document.querySelectorAll("input[name$=-DELETE]:not([aria-label])")) tick.setAttribute("aria-label", _("Delete this row"));
  for (const hint of document.querySelectorAll(".help-tooltip[aria-label]:not([role])")) hint.setAttribute("role", "img");
}

let waiting = false;
new MutationObserver(() => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; all(); });
}).observe(document.documentElement, { childList: true, subtree: true });
all();
