/* The focal point of a photo: set by a click or by arrow keys; every crop shows at once what becomes of it. */
const stage = document.querySelector("[data-focal]");
const inputs = ["x", "y"].map((axis) => document.getElementById(`id_focal_${axis}`));

if (stage && inputs.every(Boolean)) {
  const point = stage.querySelector("[data-point]");
  const crops = document.querySelectorAll("[data-crop-view]");
  stage.hidden = false;

  const show = () => {
    const [x, y] = inputs.map((input) => Math.min(Math.max(Number(input.value) || 0, 0), 1));
    Object.assign(point.style, { left: `${100 * x}%`, top: `${100 * y}%` });
    point.setAttribute("aria-valuetext", `${Math.round(100 * x)} % / ${Math.round(100 * y)} %`);
    point.setAttribute("aria-valuenow", String(Math.round(100 * x)));
    for (const crop of crops) {
      const image = crop.querySelector("img");
      const ratio = Number(crop.dataset.cropView);
      const own = Number(stage.dataset.width) / Number(stage.dataset.height);
      // As renditions.crop_box: the box is centred on the point as far as the photo reaches.
      const part = own > ratio ? ratio / own : own / ratio;
      const place = (at) => (part === 1 ? 50 : Math.min(Math.max((at - part / 2) / (1 - part), 0), 1) * 100);
      Object.assign(crop.style, { aspectRatio: String(ratio) });
      Object.assign(image.style, { objectPosition: own > ratio ? `${place(x)}% 50%` : `50% ${place(y)}%` });
    }
  };
  const put = (x, y) => {
    inputs[0].value = Math.min(Math.max(x, 0), 1).toFixed(2);
    inputs[1].value = Math.min(Math.max(y, 0), 1).toFixed(2);
    for (const input of inputs) input.dispatchEvent(new Event("input", { bubbles: true }));
    show();
  };
  stage.querySelector("img").addEventListener("click", (event) => {
    const { left, top, width, height } = event.target.getBoundingClientRect();
    put((event.clientX - left) / width, (event.clientY - top) / height);
    point.focus();
  });
  point.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 0.1 : 0.01;
    const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (!x && !y) return;
    event.preventDefault();
    put(Number(inputs[0].value) + x * step, Number(inputs[1].value) + y * step);
  });
  for (const input of inputs) input.addEventListener("input", show);
  show();
}
