/* What a logged-in reader chose follows the account: fetched once a visit, sent when it changes here.
   The browser's own store stays what pages are drawn from, so nothing changes after the first paint but on that visit. */
import { ask } from "./asking.js";

const ADDRESS = "/account/preferences/";
const VISIT = 30 * 60e3;
const DAY = 86_400;
// How each thing that the browser keeps is told.
const TOLD = {
  "text-size": (value) => value && ["text-size", value],
  theme: (value) => value && ["theme", value],
  edition: (value) => ["edition", value || "full"],
  "hide:ticker": (value) => ["ticker", Math.min(DAY, Math.max(0, Math.round((value - Date.now()) / 1000)))],
};
const root = document.documentElement;
const here = () => Object.fromEntries(Object.keys(TOLD).map((key) => [key, localStorage.getItem(key)]));
const told = (keys, from) => Object.fromEntries(keys.map((key) => TOLD[key](from[key])).filter(Boolean));
/* {at, was}: when and what the account and this browser last agreed upon. */
const agreed = () => JSON.parse(localStorage.getItem("kept"));
const changed = (now, past) => Object.keys(TOLD).filter((key) => past && now[key] !== past.was[key]);

function put(key, value) {
  if (value) localStorage.setItem(key, value);
  else localStorage.removeItem(key);
}

/* Takes over what the account has; what the reader changed since `sent` goes there next time. */
function take(kept, sent) {
  const values = {
    "text-size": kept["text-size"] || sent["text-size"],
    theme: kept.theme || sent.theme,
    edition: kept.edition ? kept.edition === "lite" && "lite" : sent.edition,
    "hide:ticker": kept.ticker && Date.now() + kept.ticker * 1000,
  };
  const was = { ...sent };
  for (const [key, value] of Object.entries(values)) {
    if (localStorage.getItem(key) !== sent[key]) continue;
    put(key, value);
    was[key] = localStorage.getItem(key);
    if (!value) continue;
    for (const radio of document.querySelectorAll(`input[name="${key}"]`)) radio.checked = radio.value === value;
  }
  const { "text-size": size, theme } = here();
  if (size) root.style.setProperty("--reading", size);
  if (theme) root.style.colorScheme = theme;
  localStorage.setItem("kept", JSON.stringify({ at: Date.now(), was }));
}

let busy = false;
async function agree(always) {
  if (busy) return;
  busy = true;
  try {
    const [sent, past] = [here(), agreed()];
    const keys = changed(sent, past);
    if (!keys.length && !always && past && Date.now() - past.at < VISIT) return;
    let kept = await ask(ADDRESS, keys.length ? told(keys, sent) : undefined);
    // A new account begins with what this browser has.
    if (!past && !kept.kept && Object.values(sent).some(Boolean)) {
      kept = await ask(ADDRESS, told(Object.keys(TOLD).filter((key) => sent[key]), sent));
    }
    if (kept.refused) kept = await ask(ADDRESS);
    take(kept, sent);
  } catch {
    // No connection, no session, or a store that refuses: the browser goes on with what it has.
  } finally {
    busy = false;
  }
}

// The form of the account has changed what the account keeps.
agree(document.querySelector("[data-preferences]"));
let timer;
for (const kind of ["change", "click"]) {
  document.addEventListener(kind, () => {
    clearTimeout(timer);
    timer = setTimeout(agree, 1000);
  });
}
addEventListener("pagehide", () => {
  try {
    const keys = changed(here(), agreed());
    if (keys.length) ask(ADDRESS, told(keys, here())).catch(() => {});
  } catch {}
});
