/* A frame on a photo: moved and resized by mouse, touch or arrow keys, always of its ratio; the numbers follow. */
for (const form of document.querySelectorAll("[data-frame]")) frame(form);

function frame(form) {
  const stage = form.querySelector(".stage");
  const box = form.querySelector("[data-box]");
  const value = form.querySelector("[data-value]");
  // The ratio of the frame in parts of the photo.
  const ratio = (Number(form.dataset.ratio) * Number(form.dataset.height)) / Number(form.dataset.width);
  let [left, top, right] = read();

  function read() {
    try {
      const parts = JSON.parse(value.value);
      if (Array.isArray(parts) && parts.length === 4) return parts.map(Number);
    } catch {
      // Not four numbers: the whole width.
    }
    return [0, 0, 1, 1];
  }

  function put(x, y, width) {
    width = Math.min(Math.max(width, 0.05), 1, ratio);
    const height = width / ratio;
    left = Math.min(Math.max(x, 0), 1 - width);
    top = Math.min(Math.max(y, 0), 1 - height);
    right = left + width;
    Object.assign(box.style, { left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * width}%`, height: `${100 * height}%` });
    value.value = JSON.stringify([left, top, right, top + height].map((part) => Math.round(part * 1000) / 1000));
  }

  put(left, top, right - left);
  value.addEventListener("change", () => { const [x, y, z] = read(); put(x, y, z - x); });
  box.addEventListener("keydown", (event) => {
    const step = event.altKey ? 0.002 : 0.01;
    const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (!x && !y) return;
    event.preventDefault();
    if (event.shiftKey) put(left, top, right - left + (x + y) * step);
    else put(left + x * step, top + y * step, right - left);
  });
  box.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    box.focus();
    const start = { x: event.clientX, y: event.clientY, left, top, width: right - left };
    const resizes = "corner" in event.target.dataset;
    const { width, height } = stage.getBoundingClientRect();
    box.setPointerCapture(event.pointerId);
    const move = (next) => {
      const x = (next.clientX - start.x) / width;
      const y = (next.clientY - start.y) / height;
      if (resizes) put(start.left, start.top, start.width + Math.max(x, y * ratio));
      else put(start.left + x, start.top + y, start.width);
    };
    box.addEventListener("pointermove", move);
    box.addEventListener("pointerup", () => box.removeEventListener("pointermove", move), { once: true });
  });
}
