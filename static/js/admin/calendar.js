/* The planning calendar: a story is dragged to a day. What the form in each story does, without loading the page. */
const board = document.querySelector("[data-planning]");
const told = board.querySelector("[data-told]");
let dragged;

board.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-plan]");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged?.querySelector("a").textContent || "");
});
board.addEventListener("dragend", () => {
  dragged = null;
  for (const day of board.querySelectorAll(".over")) day.classList.remove("over");
});
board.addEventListener("dragover", (event) => {
  const day = event.target.closest("[data-day]");
  if (!dragged || !day) return;
  event.preventDefault();
  for (const other of board.querySelectorAll(".over")) if (other !== day) other.classList.remove("over");
  day.classList.add("over");
});
board.addEventListener("drop", async (event) => {
  const day = event.target.closest("[data-day]");
  if (!dragged || !day) return;
  event.preventDefault();
  const story = dragged;
  const from = story.parentElement;
  day.querySelector("[data-stories]").append(story);
  const form = new FormData(story.querySelector("form"));
  form.set("day", day.dataset.day);
  try {
    const answer = await fetch(story.dataset.plan, { method: "POST", body: new URLSearchParams(form), headers: { Accept: "application/json" } });
    told.textContent = (await answer.json()).said;
    if (!answer.ok) throw new Error(answer.status);
    story.querySelector("input[type=date]").value = day.dataset.day;
  } catch {
    from.append(story);
  }
});
