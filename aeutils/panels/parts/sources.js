// Sources of a panel's pictures: draw(values) paints, now or when the kernel has answered.
import { network } from "../engine/network.js";
import { fromHalf } from "./bytes.js";
import { toPixels } from "./pictures.js";

export const SOURCES = {
  decoder({ source: { layers, half }, controls, size }, bytes, paint) {
    const weights = half ? fromHalf(bytes) : new Float32Array(bytes.buffer);
    const net = network(layers, controls.length, weights);
    return { draw: (values) => paint(toPixels(net.forward(Float64Array.from(values)), size)) };
  },
  film({ controls: [{ low, step }], pictures, size }, bytes, paint) {
    const length = pictures.length * product(size);
    const frame = ([value]) => Math.round((value - low) / step);
    return { draw: (values) => paint(bytes.subarray(frame(values) * length, (frame(values) + 1) * length)) };
  },
  // At most one question is out. When its answer comes, the latest position is asked for: never a queue of old ones.
  kernel(_spec, _bytes, paint, link) {
    let wanted = null;
    let waiting = false;
    const ask = () => {
      waiting = true;
      link.ask(wanted);
      wanted = null;
    };
    return {
      draw: (values) => {
        wanted = values;
        if (!waiting) ask();
      },
      answer: ([pixels]) => {
        waiting = false;
        // After an error there are none, and the last picture stays.
        if (pixels.byteLength) paint(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength));
        if (wanted) ask();
      },
    };
  },
};

const product = (sizes) => sizes.reduce((a, b) => a * b, 1);
