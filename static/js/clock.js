/* The date line in Seoul time: written here, as a page from a cache does not know the hour. */
const place = document.querySelector("[data-now]");
if (place) {
  const clock = place.appendChild(document.createElement("time"));
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: "Asia/Seoul", weekday: "short", year: "numeric", month: "long", day: "numeric",
    hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  const tell = () => {
    const now = new Date();
    const part = Object.fromEntries(format.formatToParts(now).map(({ type, value }) => [type, value]));
    clock.textContent = `${part.weekday}, ${part.month} ${part.day}, ${part.year} | ${part.hour}:${part.minute}`;
    clock.dateTime = now.toISOString();
  };
  tell();
  setInterval(tell, 20_000);
}
