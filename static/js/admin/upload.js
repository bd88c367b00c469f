/* Many pictures at once: each travels alone, three at a time, and one that is refused stops no other. */
const _ = window.gettext ?? ((text) => text);
const form = document.querySelector("[data-upload]");
const input = form.querySelector("[type=file]");
const drop = form.querySelector("[data-drop]");
const list = document.querySelector("[data-list]");
const told = document.querySelector("[data-told]");
const template = document.getElementById("uploaded");
const AT_ONCE = 3;
const MOST = 50;
const waiting = [];
let running = 0;
let done = 0;
let refused = 0;
let total = 0;

form.querySelector(".submit-row").hidden = true;
input.addEventListener("change", () => { take(input.files); input.value = ""; });
for (const name of ["dragover", "dragenter"]) {
  drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  take(event.dataTransfer.files);
});
window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });

function take(files) {
  const chosen = [...files];
  if (chosen.length > MOST) {
    told.textContent = `${_("At most")} ${MOST} ${_("files at once: choose fewer.")}`;
    return;
  }
  for (const file of chosen) {
    const row = template.content.cloneNode(true).firstElementChild;
    row.querySelector("[data-name]").textContent = file.name;
    list.append(row);
    waiting.push([file, row]);
  }
  total += chosen.length;
  next();
}

function next() {
  told.textContent = total ? `${done + refused} ${_("of")} ${total}${refused ? `, ${refused} ${_("refused")}` : ""}` : "";
  while (running < AT_ONCE && waiting.length) send(...waiting.shift());
}

function send(file, row) {
  running += 1;
  const body = new FormData(form);
  body.delete("file");
  body.set("file", file);
  const request = new XMLHttpRequest();
  const bar = row.querySelector("progress");
  bar.setAttribute("aria-label", file.name);
  request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total; });
  request.addEventListener("loadend", () => {
    running -= 1;
    bar.remove();
    let answer = null;
    try {
      answer = JSON.parse(request.responseText);
    } catch {
      // What came back is no answer of ours.
    }
    if (request.status === 200 && answer) {
      done += 1;
      show(row, answer);
    } else {
      refused += 1;
      const said = row.querySelector("[data-said]");
      said.textContent = answer?.said ?? _("The file did not arrive: try again.");
      said.hidden = false;
    }
    next();
  });
  request.open("POST", form.dataset.upload);
  request.setRequestHeader("Accept", "application/json");
  request.send(body);
}

function show(row, photo) {
  const image = row.querySelector("img");
  if (photo.picture) {
    image.src = photo.picture;
    image.hidden = false;
  }
  const link = row.querySelector("[data-link]");
  link.querySelector("a").href = photo.url;
  link.hidden = false;
  if (photo.like.length) {
    const like = row.querySelector("[data-like]");
    for (const other of photo.like) {
      like.append(Object.assign(document.createElement("a"), { href: other.url, textContent: other.text }), " ");
    }
    like.hidden = false;
  }
  const words = row.querySelector("[data-words]");
  for (const name of ["alt_text", "caption", "credit"]) words.elements[name].value = photo[name];
  words.hidden = false;
  words.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new FormData(words);
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    const saved = words.querySelector("[data-saved]");
    const answer = await fetch(photo.words, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    const said = await answer?.json().catch(() => null);
    saved.textContent = said?.said ?? _("It was not saved: try again.");
  });
}
