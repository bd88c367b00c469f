/* The desk of a front: changes are collected here, looked at, and published in one act. Dragging, buttons and keyboard
   do the same. */
const desk = document.querySelector("[data-front]");
const told = desk.querySelector("[data-told]");
const dialog = desk.querySelector("[data-dialog]");
const form = dialog.querySelector("form");
const clash = desk.querySelector("[data-clash]");
const look = desk.querySelector("[data-look]");
const given = JSON.parse(document.getElementById("desk").textContent);
const csrf = desk.querySelector("[name=csrfmiddlewaretoken]").value;
/* Each step is one deed of the editor: {lines, undo}. */
const steps = [];
let asked, dragged;

const zoneOf = (place) => place.closest("[data-zone]");
const nameOf = (place) => zoneOf(place).querySelector("h2").textContent.trim();
const placeAt = (zone, position) => desk.querySelector(`[data-zone="${CSS.escape(zone)}"] [data-position="${Number(position)}"]`);
const say = (...words) => { told.textContent = words.flat().join(" "); };

/* What a place holds, to be put elsewhere or back. `own` is what its placement says beside the story. */
function contentOf(place) {
  return {
    article: Number(place.dataset.article) || null,
    own: JSON.parse(place.dataset.own),
    placed: "placed" in place.dataset,
    words: place.querySelector("[data-words]").textContent,
    why: place.querySelector("[data-why]").textContent,
    changed: place.classList.contains("changed"),
  };
}

function show(place, content) {
  place.dataset.article = content.article || "";
  place.dataset.own = JSON.stringify(content.own);
  place.toggleAttribute("data-placed", content.placed);
  place.querySelector("[data-words]").textContent = content.words;
  place.querySelector("[data-why]").textContent = content.why;
  place.classList.toggle("changed", content.changed);
}

/* Of several changes of one place and moment the last one counts. */
function lines() {
  const last = new Map();
  for (const step of steps) for (const line of step.lines) last.set(`${line.zone}:${line.position}:${line.starts || ""}`, line);
  return [...last.values()];
}

function refresh() {
  const count = lines().length;
  desk.querySelector("[data-count]").textContent = count ? interpolate(ngettext("%s change", "%s changes", count), [count]) : gettext("No change yet");
  for (const act of ["publish", "back", "drop"]) desk.querySelector(`[data-act=${act}]`).disabled = !count;
  look.changes.value = JSON.stringify(lines());
  look.requestSubmit();
}

function take(words, lines, shown) {
  const before = shown.map(([place]) => [place, contentOf(place)]);
  for (const [place, content] of shown) show(place, { ...content, changed: true });
  steps.push({ lines, undo: () => before.forEach(([place, content]) => show(place, content)) });
  say(words);
  refresh();
}

function line(place, content) {
  const at = { zone: zoneOf(place).dataset.zone, position: Number(place.dataset.position) };
  return content?.article ? { ...at, ...content.own, article: content.article } : at;
}

const stands = (words, place) => interpolate(gettext("“%s” stands at place %s of %s."), [words, place.dataset.position, nameOf(place)]);
const freed = () => ({ article: null, own: {}, placed: false, words: gettext("Filled by the zone's rule"), why: "" });

function put(place, story) {
  const why = story.public ? gettext("Yours") : gettext("Yours: shown once the story is public");
  const content = { article: story.id, own: {}, placed: true, words: story.headline, why };
  take(stands(story.headline, place), [line(place, content)], [[place, content]]);
}

/* A story goes from one place to another; what an editor had put there goes the other way. */
function move(from, to) {
  const moving = contentOf(from);
  const other = contentOf(to);
  if (!to || from === to || !moving.article) return;
  const there = { ...moving, placed: true, why: gettext("Yours") };
  const shown = [[to, there]];
  const changes = [line(to, there)];
  if (moving.placed || other.placed) {
    const back = other.placed && other.article;
    shown.push([from, back ? { ...other, why: gettext("Yours") } : freed()]);
    changes.push(line(from, back ? other : null));
  }
  take(stands(moving.words, to), changes, shown);
}

function free(place) {
  const words = interpolate(gettext("Place %s of %s is left to the zone's rule."), [place.dataset.position, nameOf(place)]);
  take(words, [line(place, null)], [[place, freed()]]);
}

/* ---- the dialog: words, period, who stands in */

function ask(story, place) {
  asked = story;
  form.reset();
  dialog.querySelector("[data-title]").textContent = story ? story.headline : gettext("A story to come");
  dialog.querySelector("[data-title-row]").hidden = Boolean(story);
  form.working_title.required = !story;
  if (place) {
    form.zone.value = zoneOf(place).dataset.zone;
    form.position.value = place.dataset.position;
  }
  const own = place ? contentOf(place).own : {};
  for (const name of ["working_title", "headline", "deck", "ends"]) form[name].value = own[name] || "";
  for (const name of ["photo", "fallback"]) {
    choices(form[name], own[name] ? [new Option(own[`${name}_words`], own[name])] : []);
  }
  limit();
  dialog.returnValue = "";
  dialog.showModal();
}

function limit() {
  form.position.max = form.zone.selectedOptions[0]?.dataset.size || 1;
}

/* The choices of a select beside its first one; the first of them is chosen. */
function choices(select, options) {
  select.replaceChildren(select.options[0], ...options);
  select.selectedIndex = options.length ? 1 : 0;
  select.dispatchEvent(new Event("change"));
}

form.zone.addEventListener("change", limit);
form.photo.addEventListener("change", () => {
  const look = dialog.querySelector("[data-photo-look]");
  const { picture } = form.photo.selectedOptions[0].dataset;
  look.hidden = !picture;
  if (picture) look.src = picture;
});
dialog.addEventListener("close", () => {
  if (dialog.returnValue !== "take") return;
  const values = Object.fromEntries(new FormData(form));
  const place = placeAt(values.zone, values.position);
  if (!place) return say(gettext("This zone has no such place."));
  const { zone, position, starts, ...own } = values;
  for (const name of ["photo", "fallback"]) {
    own[name] = Number(values[name]) || null;
    own[`${name}_words`] = own[name] ? form[name].selectedOptions[0].text : "";
  }
  const change = { ...own, zone, starts, position: Number(position), article: asked?.id || null };
  const words = values.headline || asked?.headline || values.working_title;
  const content = { article: asked?.id || null, own, placed: true, words, why: gettext("Yours") };
  if (values.starts) {
    take(interpolate(gettext("“%s” is booked for place %s of %s from %s."), [words, values.position, nameOf(place), values.starts.replace("T", " ")]), [change], []);
  } else take(stands(words, place), [change], [[place, content]]);
});

async function find(text, address = desk.dataset.stories) {
  const answer = await fetch(`${address}?${new URLSearchParams({ q: text })}`);
  return answer.ok ? (await answer.json()).found : [];
}

function pausing(act) {
  let timer;
  return (event) => { clearTimeout(timer); timer = setTimeout(() => act(event), 250); };
}

function itemOf(story) {
  const item = Object.assign(document.createElement("li"), { draggable: true });
  item.story = story;
  const words = Object.assign(document.createElement("span"), { className: "words", textContent: story.headline });
  words.append(Object.assign(document.createElement("span"), { className: "quiet", textContent: story.said }));
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: gettext("Place") });
  button.dataset.act = "place";
  button.setAttribute("aria-label", interpolate(gettext("Place “%s”"), [story.headline]));
  item.append(words, button);
  return item;
}

const search = desk.querySelector("[data-find]");
async function list() {
  desk.querySelector("[data-found]").replaceChildren(...(await find(search.value)).map(itemOf));
}
search.addEventListener("input", pausing(list));
/* What is found for the words that are typed can be chosen in a select. */
function offers(field, select, found) {
  dialog.querySelector(field).addEventListener("input", pausing(async ({ target }) => {
    choices(select, target.value.trim() ? await found(target.value) : []);
  }));
}
offers("[data-fallback-find]", form.fallback, async (text) => (await find(text)).filter((story) => story.public).map((story) => new Option(story.headline, story.id)));
offers("[data-photo-find]", form.photo, async (text) => (await find(text, desk.dataset.photos)).map((photo) => {
  const option = new Option(photo.text, photo.id);
  option.dataset.picture = photo.picture;
  return option;
}));

/* ---- dragging */

const overs = (place) => { for (const over of desk.querySelectorAll(".over")) if (over !== place) over.classList.remove("over"); };
desk.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".place[draggable], .found li");
  event.dataTransfer?.setData("text/plain", dragged?.textContent.trim().slice(0, 100) || "");
});
desk.addEventListener("dragend", () => { dragged = null; overs(); });
desk.addEventListener("dragover", (event) => {
  const place = event.target.closest?.(".place[draggable]");
  if (!dragged || !place) return;
  event.preventDefault();
  overs(place);
  place.classList.add("over");
});
desk.addEventListener("drop", (event) => {
  const place = event.target.closest?.(".place[draggable]");
  if (!dragged || !place) return;
  event.preventDefault();
  if (dragged.story) put(place, dragged.story);
  else move(dragged, place);
});

/* ---- publishing */

async function publish() {
  const button = desk.querySelector("[data-act=publish]");
  button.disabled = true;
  try {
    const answer = await fetch(desk.dataset.publish, {
      method: "POST",
      headers: { "X-CSRFToken": csrf, "Content-Type": "application/json" },
      body: JSON.stringify({ ...given, changes: lines() }),
    });
    const found = await answer.json();
    if (answer.ok) {
      steps.length = 0;
      location.reload();
    } else if (answer.status === 409) showClash(found);
    else say(found.said);
  } catch {
    say(gettext("The changes could not be sent: try again."));
  }
  button.disabled = false;
}

function showClash(found) {
  Object.assign(given, { token: found.token, seen: found.seen });
  const mine = new Map(lines().map((line) => [`${line.zone}:${line.position}`, placeAt(line.zone, line.position)]));
  clash.querySelector("[data-clash-said]").textContent = found.said.join(" ");
  const rows = found.theirs.map((theirs) => {
    const own = mine.get(theirs.key)?.querySelector("[data-words]").textContent || "–";
    const row = document.createElement("tr");
    for (const text of [`${theirs.zone} ${theirs.position}`, `${theirs.headline} (${theirs.why})`, own]) row.append(Object.assign(document.createElement("td"), { textContent: text }));
    return row;
  });
  clash.querySelector("[data-clash-rows]").replaceChildren(...rows);
  clash.showModal();
}

const onPlace = {
  up: (place) => move(place, placeAt(zoneOf(place).dataset.zone, Number(place.dataset.position) - 1)),
  down: (place) => move(place, placeAt(zoneOf(place).dataset.zone, Number(place.dataset.position) + 1)),
  edit: (place) => {
    const { article, words } = contentOf(place);
    ask(article ? { id: article, headline: words, public: true } : null, place);
  },
  free,
};
const onDesk = {
  place: (button) => ask(button.closest("li").story),
  book: () => ask(null),
  publish,
  back: () => { steps.pop()?.undo(); refresh(); say(gettext("Taken back.")); },
  drop: () => { while (steps.length) steps.pop().undo(); refresh(); say(gettext("All changes were dropped.")); },
  mine: () => { clash.close(); publish(); },
  theirs: () => { steps.length = 0; location.reload(); },
};
desk.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const place = button.closest(".place");
  if (place) onPlace[button.dataset.act]?.(place);
  else onDesk[button.dataset.act]?.(button);
});

addEventListener("beforeunload", (event) => { if (steps.length) event.preventDefault(); });
list();
look.requestSubmit();
