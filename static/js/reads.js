/* Tells the paper that a story was read: once per story and hour, after five seconds, without anything about the reader. */
const story = document.body.dataset.reads;
if (story) {
  const key = `read:${story}`;
  const hour = Math.floor(Date.now() / 36e5);
  setTimeout(() => {
    try {
      if (+localStorage.getItem(key) === hour) return;
      for (const old of Object.keys(localStorage)) {
        if (old.startsWith("read:") && +localStorage.getItem(old) !== hour) localStorage.removeItem(old);
      }
      localStorage.setItem(key, hour);
    } catch { /* storage refused: the read counts all the same */ }
    navigator.sendBeacon("/reads/", story);
  }, 5_000);
}
