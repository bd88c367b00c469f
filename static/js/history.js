/* What a logged-in reader has read, kept in this browser alone: nothing of it is ever sent. */
const MOST = 100;
let store;
try { store = localStorage; } catch { /* refused: nothing is noted */ }
const kept = () => JSON.parse(store.getItem("history")) ?? [];
const isOff = () => store.getItem("history:off") === "1";

if (store && document.body.dataset.reads) {
  setTimeout(() => {
    if (isOff()) return;
    const title = document.querySelector("h1").cloneNode(true);
    title.querySelector(".label")?.remove();
    const headline = title.textContent.replace(/\s+/g, " ").trim();
    const others = kept().filter(([address]) => address !== location.pathname);
    store.setItem("history", JSON.stringify([[location.pathname, headline, Date.now()], ...others].slice(0, MOST)));
  }, 5_000);
}

const box = document.querySelector("[data-history]");
if (store && box) {
  const list = box.querySelector("ol");
  const said = box.querySelector("output");
  const off = box.querySelector("[data-history-off]");
  const draw = () => {
    list.replaceChildren(...kept().map(([address, headline, at]) => {
      const row = document.createElement("li");
      const link = Object.assign(document.createElement("a"), { href: address, textContent: headline });
      const day = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" }).format(at);
      const when = Object.assign(document.createElement("p"), { className: "meta", textContent: day });
      row.append(link, when);
      return row;
    }));
    box.querySelector(".empty").hidden = list.childElementCount > 0;
    off.textContent = isOff() ? "Keep a history again" : "Keep no history";
  };
  box.querySelector("[data-history-forget]").addEventListener("click", () => {
    store.removeItem("history");
    draw();
    said.textContent = "Forgotten.";
  });
  off.addEventListener("click", () => {
    store.setItem("history:off", isOff() ? "0" : "1");
    draw();
    said.textContent = isOff() ? "From now on nothing is noted." : "What you read is noted here again.";
  });
  draw();
  box.hidden = false;
}
