/* Saving and following for a logged-in reader: what the page behind the link asks about is done by the link itself. */
import { ask } from "./asking.js";

for (const link of document.querySelectorAll('a[href^="/account/save/?"], a[href^="/account/follow/?"]')) {
  // On pages of the account a link stands for taking off.
  if (location.pathname.startsWith("/account/")) break;
  const name = link.textContent;
  const said = document.createElement("output");
  const undo = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: "Undo", hidden: true });
  said.className = "meta";
  link.after(" ", said, " ", undo);

  const act = async (keep) => {
    try {
      const answer = await ask(link.getAttribute("href"), { keep });
      said.textContent = answer.said;
      if (answer.refused) return;
      undo.hidden = keep !== "1";
      link.hidden = keep === "1";
      (undo.hidden ? link : undo).focus();
    } catch {
      location.assign(link.href); // the page of the account says what is the matter
    }
  };
  undo.ariaLabel = `Undo: ${name}`;
  link.addEventListener("click", (event) => {
    if (event.button || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    act("1");
  });
  undo.addEventListener("click", () => act("0"));
}
