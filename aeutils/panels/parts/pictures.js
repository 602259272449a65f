// Pictures: canvases of pixels.
import { h } from "./dom.js";

// A canvas with a caption. The pixels of all pictures come one after the other, uint8 [height, width, channels].
export function picture(caption, { size: [height, width, channels], scale }) {
  const canvas = h("canvas", { width, height, role: "img", "aria-label": caption });
  canvas.style.width = `${width * scale}px`;
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  image.data.fill(255);
  const paint = (pixels, k) => {
    const start = k * height * width * channels;
    for (let p = 0; p < height * width; p++) {
      for (let c = 0; c < 3; c++) image.data[4 * p + c] = pixels[start + channels * p + (channels === 3 ? c : 0)];
    }
    context.putImageData(image, 0, 0);
  };
  return { element: h("figure", {}, [canvas, h("figcaption", {}, caption)]), paint };
}

// Values in [0, 1], [channels, height, width] -> pixels, [height, width, channels].
export function toPixels(values, [height, width, channels]) {
  const pixels = new Uint8ClampedArray(values.length); // rounds
  for (let p = 0, plane = height * width; p < plane; p++) {
    for (let c = 0; c < channels; c++) pixels[channels * p + c] = 255 * values[c * plane + p];
  }
  return pixels;
}
