/* Ordered rows of lists and forms: two buttons a row do what dragging does, by keyboard as well. */
const _ = window.gettext ?? ((text) => text);
// By the classes of the served page: those that Django's script adds may come after this one has run.
const ROWS = "#result_list tbody tr, .inline-group tr.form-row, .inline-group .inline-related:not(.tabular)";
const status = Object.assign(document.createElement("p"), { className: "order-status" });
status.setAttribute("role", "status");

const inputOf = (row) => row.querySelector("input[name$=-position]");
const isEmpty = (row) => row.classList.contains("empty-form");

/* The rows that are put in order together: those of one list or one group of the form, and of one level. */
function group(row) {
  return [...row.parentElement.children].filter((other) => !isEmpty(other) && inputOf(other) && other.matches(ROWS));
}

function number(rows) {
  // As dragging does: tens, so that something fits between.
  rows.forEach((row, place) => {
    const input = inputOf(row);
    const value = String((place + 1) * 10);
    if (input.value !== value) {
      input.value = value;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });
}

function move(row, by, button) {
  const rows = group(row);
  const to = rows.indexOf(row) + by;
  if (to < 0 || to >= rows.length) {
    status.textContent = by < 0 ? _("It is the first already.") : _("It is the last already.");
    return;
  }
  if (by < 0) rows[to].before(row);
  else rows[to].after(row);
  number(group(row));
  button.focus();
  status.textContent = `${_("Moved to place")} ${to + 1} ${_("of")} ${rows.length}`;
}

function equip(row) {
  const input = inputOf(row);
  if (!input || input.type === "hidden" || row.querySelector(".order-buttons") || isEmpty(row)) return;
  const box = Object.assign(document.createElement("span"), { className: "order-buttons" });
  for (const [by, sign, title] of [[-1, "↑", _("Move up")], [1, "↓", _("Move down")]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: sign, title });
    button.setAttribute("aria-label", title);
    button.addEventListener("click", () => move(row, by, button));
    box.append(button);
  }
  input.after(box);
}

function start() {
  const rows = document.querySelectorAll(ROWS);
  document.body.append(status);
  rows.forEach(equip);
  window.django?.jQuery?.(document).on("formset:added", (event) => equip(event.target));
  document.addEventListener("formset:added", (event) => equip(event.target));
}

if (document.readyState === "complete") start();
else window.addEventListener("load", start);
