/* A film takes the place of its poster after a click: our own file with its captions, or the player of another site. */
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-play]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const box = link.parentElement;
  let film = document.createElement("iframe");
  if (link.dataset.play) {
    Object.assign(film, {
      src: link.dataset.play,
      title: link.dataset.title,
      allow: "autoplay; encrypted-media; fullscreen; picture-in-picture",
    });
    box.append(film);
  } else {
    // With script on, what stands in noscript is text.
    box.insertAdjacentHTML("beforeend", box.querySelector("noscript").textContent);
    film = box.querySelector("video");
    film.poster = link.querySelector("img")?.currentSrc ?? "";
    film.play().catch(() => {}); // not allowed, or not to be played: the film's own controls say so
  }
  link.remove();
  film.focus();
});
