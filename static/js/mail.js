/* Reporters' addresses stand in the page as "name (at) host"; here they become links. */
for (const place of document.querySelectorAll("[data-mail]")) {
  const address = place.textContent.trim().replace(" (at) ", "@");
  const link = document.createElement("a");
  link.href = `mailto:${address}`;
  link.textContent = address;
  place.replaceChildren(link);
}
