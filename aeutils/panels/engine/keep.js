// The `count` largest numbers of every sample stay, all others become 0 (Makhzani and Frey 2013).

/** @type {import("./network.js").Maker} */
export function keep({ count }, { batch, inputs }) {
  const y = new Float64Array(batch * inputs);
  const dx = new Float64Array(batch * inputs);
  const kept = new Uint8Array(batch * inputs);
  return {
    size: inputs,
    forward(x, n) {
      kept.fill(0);
      for (let start = 0; start < n * inputs; start += inputs) {
        const order = Array.from({ length: inputs }, (_, k) => start + k).sort((a, b) => x[b] - x[a]);
        for (const k of order.slice(0, count)) kept[k] = 1;
      }
      for (let k = 0; k < n * inputs; k++) y[k] = kept[k] ? x[k] : 0;
      return y;
    },
    backward(dy, n) {
      for (let k = 0; k < n * inputs; k++) dx[k] = kept[k] ? dy[k] : 0;
      return dx;
    },
  };
}
