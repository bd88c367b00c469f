/* Copy link, KakaoTalk (the telephone's own share sheet where there is one, else a copied link), print. */
const say = (text, near) => {
  const out = (near.closest("figure, dialog, .tools") ?? document).querySelector("[data-status]");
  if (out) out.textContent = text;
};
const copy = async (link) => {
  try {
    await navigator.clipboard.writeText(link.href);
    say("Link copied", link);
  } catch {
    say(link.href, link);
  }
};
document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-copy], [data-share], [data-print]");
  if (!target) return;
  event.preventDefault();
  if (target.matches("[data-print]")) window.print();
  else if (target.matches("[data-share]") && navigator.share) navigator.share({ url: target.href }).catch(() => {});
  else copy(target);
});
