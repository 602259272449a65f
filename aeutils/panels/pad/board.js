// The board: white ink on black, by mouse, pen, finger or keys; with an eraser, and ways to undo, turn and mirror.
import { OURS, h } from "../parts/dom.js";

export const WIDE = 280; // pixels along a side
const PEN = 22; // as thick as the strokes of MNIST, where the drawing fills three quarters of the board
const ERASER = 44;
const MOVE = 10; // of the pen, by one press of an arrow key
const REMEMBERED = 30;
const FAINT = 20; // grey levels: less is nothing, since the soft edge of the eraser leaves some that nobody sees

/** @typedef {{pixels: ImageData, image: Float64Array | null, empty: boolean}} Moment */

/** @param {number} side: pixels of an image along a side @param {() => void} changed: is called after every change */
export function board(side, changed) {
  const words = "board to draw on: arrow keys move the pen, the space bar lowers and lifts it";
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { width: WIDE, height: WIDE, role: "application", tabindex: 0, "aria-label": words, ...OURS }));
  const pen = h("div", { class: "pen", hidden: "" });
  const hint = h("div", { class: "hint" }, "draw here");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  Object.assign(context, { fillStyle: "#000", lineCap: "round", lineJoin: "round" });
  context.fillRect(0, 0, WIDE, WIDE);

  /** @type {Float64Array | null}  the test image that is on the board, as long as nobody has altered it */
  let image = null;
  /** @type {Moment[]} */
  const past = [];
  let [empty, erasing, down, x, y] = [true, false, false, WIDE / 2, WIDE / 2];

  const altered = (/** @type {Float64Array | null} */ now, blank = false) => {
    [image, empty] = [now, blank];
    hint.hidden = !blank;
    changed();
  };
  const remember = () => {
    past.push({ pixels: context.getImageData(0, 0, WIDE, WIDE), image, empty });
    if (past.length > REMEMBERED) past.shift();
  };
  /** A stroke from where the pen is. @param {number} toX @param {number} toY */
  const stroke = (toX, toY) => {
    context.strokeStyle = erasing ? "#000" : "#fff";
    context.lineWidth = erasing ? ERASER : PEN;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(toX, toY);
    context.stroke();
    [x, y] = [toX, toY];
    altered(null);
  };
  /** Turns or mirrors what is there. @param {number[]} matrix: about the middle */
  const transform = ([a, b, c, d]) => {
    remember();
    const before = document.createElement("canvas");
    [before.width, before.height] = [WIDE, WIDE];
    /** @type {CanvasRenderingContext2D} */ (before.getContext("2d")).drawImage(canvas, 0, 0);
    context.fillRect(0, 0, WIDE, WIDE);
    context.save();
    context.setTransform(a, b, c, d, (WIDE * (1 - a - c)) / 2, (WIDE * (1 - b - d)) / 2);
    context.drawImage(before, 0, 0);
    context.restore();
    altered(null, empty);
  };

  /** @param {PointerEvent} event */
  const place = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((event.clientX - left) / width) * WIDE, ((event.clientY - top) / height) * WIDE];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    remember();
    pen.hidden = true;
    [x, y] = place(event);
    stroke(x, y);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) stroke(...(/** @type {[number, number]} */ (place(one))));
  });

  const showPen = () => {
    pen.hidden = false;
    pen.classList.toggle("down", down);
    pen.style.left = `${(100 * x) / WIDE}%`;
    pen.style.top = `${(100 * y) / WIDE}%`;
  };
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move && event.key !== " ") return;
    event.preventDefault(); // the page is not to move, too
    if (event.key === " ") {
      down = !down;
      if (down) {
        remember();
        stroke(x, y);
      }
    } else if (move) {
      const to = [x + MOVE * move[0], y + MOVE * move[1]].map((at) => Math.max(0, Math.min(WIDE, at)));
      if (down) stroke(to[0], to[1]);
      else [x, y] = to;
    }
    showPen();
  });
  canvas.addEventListener("blur", () => {
    [down, pen.hidden] = [false, true];
  });

  return {
    element: h("div", { class: "board" }, [canvas, pen, hint]),
    /** Shares of ink, [WIDE, WIDE]. */
    ink() {
      const { data } = context.getImageData(0, 0, WIDE, WIDE);
      const shares = new Float32Array(WIDE * WIDE);
      for (let p = 0; p < shares.length; p++) shares[p] = data[4 * p] < FAINT ? 0 : data[4 * p] / 255;
      return shares;
    },
    image: () => image,
    /** Puts a test image on the board. @param {Float64Array} values */
    put(values) {
      remember();
      const cell = WIDE / side;
      for (let p = 0; p < values.length; p++) {
        context.fillStyle = `rgb(${values[p] * 255} ${values[p] * 255} ${values[p] * 255})`;
        context.fillRect(Math.floor((p % side) * cell), Math.floor(Math.floor(p / side) * cell), Math.ceil(cell), Math.ceil(cell));
      }
      context.fillStyle = "#000";
      altered(values);
    },
    clear() {
      remember();
      context.fillRect(0, 0, WIDE, WIDE);
      altered(null, true);
    },
    undo() {
      const last = past.pop();
      if (!last) return;
      context.putImageData(last.pixels, 0, 0);
      altered(last.image, last.empty);
    },
    /** By an angle in degrees, to the right. @param {number} angle */
    turn(angle) {
      const [c, s] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
      transform([c, s, -s, c]);
    },
    mirror: () => transform([-1, 0, 0, 1]),
    /** @param {boolean} on */
    erase(on) {
      erasing = on;
    },
  };
}
