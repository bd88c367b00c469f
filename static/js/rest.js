/* The rest of a premium story takes the place of the wall where the reader may read it, else what that takes does.
   Nothing of the month's allowance is spent but by the reader's button. */
const box = document.querySelector("[data-rest]");
const show = async (options) => {
  const answer = await fetch(box.dataset.rest, options).catch(() => null);
  if (!answer?.ok || answer.redirected) return false;
  box.innerHTML = await answer.text();
  const said = box.querySelector("[data-said]");
  if (said) box.previousElementSibling.textContent = said.textContent;
  said?.remove();
  // Marks of the opening find their notes, which come with the rest.
  for (const back of box.querySelectorAll("[role=doc-backlink]")) {
    const mark = document.getElementById(back.hash.slice(1));
    if (mark?.matches("a:not([href])")) mark.href = `#${back.closest("[id]")?.id ?? ""}`;
  }
  return true;
};
if (box && /(^|; )reader=1/.test(document.cookie)) {
  show();
  box.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    if (!(await show({ method: "POST", body: new FormData(form) }))) return form.submit(); // the plain page says why
    const first = box.querySelector("#wall, .prose > *") ?? box;
    first.tabIndex = -1;
    first.focus();
  });
}
