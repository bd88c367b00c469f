/* Photos of a story: the rows of the form below the text, and their pictures in the text. */
const _ = window.gettext ?? ((text) => text);
const PREFIX = "photo_uses";

/* What is known of a photo by its uuid: {picture, words, row}. */
const known = new Map();

function row(uuid) {
  for (const place of document.querySelectorAll(`#${PREFIX}-group .inline-related:not(.empty-form)`)) {
    if (place.dataset.uuid === uuid || place.querySelector(`[data-photo="${uuid}"]`)) return place;
  }
  return null;
}

/* The picture's address and the words of a photo: those of its row, else the library's. */
export function describe(uuid) {
  const place = row(uuid);
  const own = place?.querySelector("textarea[name$=-caption]")?.value;
  const picture = place?.querySelector("img.preview")?.getAttribute("src");
  const library = known.get(uuid) ?? {};
  return {
    picture: picture ?? library.picture ?? "",
    words: own || library.caption || library.text || place?.querySelector("[data-photo]")?.textContent.trim() || "",
    isThere: Boolean(place),
  };
}

/* Puts a photo of the library into the story's rows, unless it is there. */
export function add(photo) {
  known.set(photo.uuid, photo);
  if (row(photo.uuid)) return;
  const group = document.getElementById(`${PREFIX}-group`);
  const empty = [...group.querySelectorAll(".inline-related:not(.empty-form)")].find(
    (place) => !place.querySelector("select[name$=-photo]")?.value && !place.classList.contains("has_original"),
  );
  if (!empty) group.querySelector(".add-row a, a.addlink").click();
  const places = group.querySelectorAll(".inline-related:not(.empty-form)");
  const place = empty ?? places[places.length - 1];
  const select = place.querySelector("select[name$=-photo]");
  select.replaceChildren(new Option(photo.text, photo.id, true, true));
  window.django.jQuery(select).trigger("change");
  place.dataset.uuid = photo.uuid;
  select.dispatchEvent(new Event("input", { bubbles: true }));
}

/* Shows the row in which a photo's caption, credit and alt text are written for this story. */
export function edit(uuid) {
  const place = row(uuid);
  place?.scrollIntoView({ block: "center" });
  place?.querySelector("textarea[name$=-caption]")?.focus({ preventScroll: true });
}

/* Sends a picture file to the library; the photo, or an Error with a sentence. */
export async function upload(file, address) {
  const body = new FormData();
  body.set("file", file);
  body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (!answer?.ok || !told?.uuid) throw new Error(told?.said ?? _("The file did not arrive: try again."));
  return told;
}
