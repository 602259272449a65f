// Pictures: what goes in, and below it what comes out.
import { paper } from "../parts/paper.js";

/** @param {{size: number[]}} plan: [height, width] */
export function digits({ size: [height, width] }) {
  const words = "above: test images as they go in; below: their reconstructions";
  const { element, sheet } = paper(words, words, 8 * 42, 2 * 42 + 4);
  const small = document.createElement("canvas");
  [small.width, small.height] = [width, height];
  const context = /** @type {CanvasRenderingContext2D} */ (small.getContext("2d"));
  const image = context.createImageData(width, height);
  image.data.fill(255);
  return {
    element,
    /** @param {{given: Float64Array, reconstructed: Float64Array}} view */
    draw({ given, reconstructed }) {
      const page = sheet();
      page.context.imageSmoothingEnabled = false;
      [given, reconstructed].forEach((images, row) => {
        for (let k = 0; k < 8; k++) {
          const first = k * width * height;
          for (let p = 0; p < width * height; p++) image.data.fill(255 * Math.min(1, Math.max(0, images[first + p])), 4 * p, 4 * p + 3);
          context.putImageData(image, 0, 0);
          page.context.drawImage(small, k * 42, row * 46, 40, 40);
        }
      });
    },
  };
}
