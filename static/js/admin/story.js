/* The story's form: puts a photo's line into the text, and asks before typed words are left behind. */
const body = document.getElementById("id_body");
const form = document.getElementById("article_form");

for (const button of body ? document.querySelectorAll("[data-put-in]") : []) {
  button.hidden = false;
  button.addEventListener("click", () => {
    body.setRangeText(`\n${button.dataset.putIn}\n`, body.selectionStart, body.selectionEnd, "end");
    body.dispatchEvent(new Event("input", { bubbles: true }));
    body.focus();
  });
}

for (const line of document.querySelectorAll(".figure-line")) {
  line.addEventListener("focus", () => line.select());
}

let typed = false;
form?.addEventListener("input", () => { typed = true; });
form?.addEventListener("submit", () => { typed = false; });
window.addEventListener("beforeunload", (event) => { if (typed) event.preventDefault(); });
