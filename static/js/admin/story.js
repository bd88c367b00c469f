/* The story's form: keeps what is typed here and in the newsroom, says who else is in the story, shows the page. */
const desk = document.querySelector("[data-desk-form]");
const form = document.getElementById("article_form");

if (desk && form) {
  keepWords();
  showPreview();
}

function keepWords() {
  const words = form.querySelector("[data-words]")?.dataset;
  if (!words) return;
  const saving = form.querySelector("[data-saving]");
  const presence = form.querySelector("[data-presence]");
  const place = `newsroom:${desk.dataset.user}:${desk.dataset.story}`;
  const BEAT = 20000;
  const PAUSE = 1500;
  let typed = false;
  let unsent = false;
  let sending = false;
  let offline = false;
  let timer;

  // What a browser would post, without files.
  const fields = () => {
    const data = new FormData(form);
    const sent = new URLSearchParams();
    for (const [name, value] of data) if (typeof value === "string" && !name.startsWith("_")) sent.append(name, value);
    return sent;
  };

  const say = (sentences) => {
    const text = sentences.join("\n");
    if (presence.dataset.said === text) return;
    presence.dataset.said = text;
    presence.replaceChildren(...sentences.map((sentence) => Object.assign(document.createElement("p"), { textContent: sentence })));
  };

  const send = async (beat) => {
    if (sending) return;
    sending = true;
    const data = fields();
    if (beat) {
      for (const name of [...data.keys()]) if (!["csrfmiddlewaretoken", "opened_version"].includes(name)) data.delete(name);
      data.set("beat", "1");
    } else {
      unsent = false;
      keepHere(data);
    }
    try {
      const answer = await fetch(desk.dataset.scratch, { method: "POST", body: data, headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      const told = await answer.json();
      if (offline) saving.textContent = words.back;
      offline = false;
      if (told.saved) {
        saving.textContent = `${words.kept} ${told.saved}`;
        localStorage.removeItem(place);
      }
      say([...told.others, ...(told.stale ? [told.stale] : [])]);
    } catch {
      offline = true;
      unsent = unsent || !beat;
      saving.textContent = words.offline;
    } finally {
      sending = false;
    }
  };

  const keepHere = (data) => {
    const kept = new URLSearchParams(data);
    kept.delete("csrfmiddlewaretoken");
    try {
      localStorage.setItem(place, JSON.stringify({ at: Date.now(), words: kept.toString() }));
    } catch {
      // A full or forbidden storage: the newsroom's copy remains.
    }
  };

  form.addEventListener("input", (event) => {
    if (event.target.closest("[data-no-words]")) return;
    typed = unsent = true;
    clearTimeout(timer);
    timer = setTimeout(() => send(false), PAUSE);
  });
  setInterval(() => send(!unsent), BEAT);
  window.addEventListener("online", () => send(!unsent));
  form.addEventListener("submit", (event) => {
    if (event.submitter?.formTarget) return;
    clearTimeout(timer);
    typed = unsent = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (typed) event.preventDefault();
  });
  window.addEventListener("pagehide", () => {
    const data = new URLSearchParams({ leave: "1", csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
    if (desk.dataset.story !== "new") navigator.sendBeacon(desk.dataset.scratch, data);
  });
  offerLocalCopy(place);
}

/* Words that this browser kept and the newsroom never got: they are sent there, and come back as unsaved words do. */
function offerLocalCopy(place) {
  const kept = JSON.parse(localStorage.getItem(place) || "null");
  const template = document.getElementById("local-copy");
  if (!kept || !template || form.querySelector(".errornote")) return;
  const bar = template.content.cloneNode(true).firstElementChild;
  bar.querySelector("[data-when]").textContent = new Date(kept.at).toLocaleString();
  bar.querySelector("[data-drop]").addEventListener("click", () => {
    localStorage.removeItem(place);
    bar.remove();
  });
  bar.querySelector("[data-take]").addEventListener("click", async () => {
    const data = new URLSearchParams(kept.words);
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    const answer = await fetch(desk.dataset.scratch, { method: "POST", body: data }).catch(() => null);
    if (!answer?.ok) return;
    const told = await answer.json();
    localStorage.removeItem(place);
    const button = Object.assign(document.createElement("button"), { type: "submit", name: "_recover", value: told.scratch, formNoValidate: true });
    form.append(button);
    button.click();
  });
  template.before(bar);
}

function showPreview() {
  const pane = document.getElementById("preview-pane");
  const place = pane?.querySelector("[data-frame]");
  if (!pane) return;
  let frame;
  const fit = (width) => {
    for (const button of pane.querySelectorAll("[data-width]")) {
      button.setAttribute("aria-pressed", String(button.dataset.width === width));
    }
    const scale = Math.min(1, place.clientWidth / Number(width));
    Object.assign(frame.style, {
      width: `${width}px`,
      height: `${Math.max(place.clientHeight, 400) / scale}px`,
      transform: `scale(${scale})`,
    });
  };
  form.addEventListener("click", (event) => {
    if (!event.target.closest("[data-preview]")) return;
    if (!frame) {
      frame = Object.assign(document.createElement("iframe"), { name: "preview", title: place.dataset.title });
      place.append(frame);
    }
    pane.hidden = false;
    desk.classList.add("with-preview");
    fit(pane.querySelector("[aria-pressed=true]").dataset.width);
    // Films need not travel for a look at the page.
    for (const input of form.querySelectorAll("input[type=file]")) {
      if (!input.files.length) continue;
      input.disabled = true;
      setTimeout(() => { input.disabled = false; });
    }
  });
  pane.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button?.dataset.width) fit(button.dataset.width);
    if (button && "close" in button.dataset) {
      pane.hidden = true;
      desk.classList.remove("with-preview");
      form.querySelector("[data-preview]").focus();
    }
  });
  window.addEventListener("resize", () => {
    if (frame && !pane.hidden) fit(pane.querySelector("[aria-pressed=true]").dataset.width);
  });
}

form?.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const button = { s: "[name=_continue]", Enter: "[data-preview]" }[event.key];
  const found = button && form.querySelector(button);
  if (!found) return;
  event.preventDefault();
  found.click();
});

for (const line of document.querySelectorAll(".figure-line")) {
  line.addEventListener("focus", () => line.select());
}
