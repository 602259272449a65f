// The layers that the browser computes: what describes one, and the shapes of its weights, in their order. Python reads
// this file, too (network.py), so what stands in the braces is JSON. `size` is a side of the kernel; `from` and `to` are
// [height, width]; `layers` is a list of layers.
export const LAYERS = {
  "linear": { "sizes": ["inputs", "outputs"], "weights": { "weight": ["outputs", "inputs"], "bias": ["outputs"] } },
  "convolution": {
    "sizes": ["inputs", "outputs", "size", "stride", "padding", "from", "to"],
    "weights": { "weight": ["outputs", "inputs", "size", "size"], "bias": ["outputs"] }
  },
  "transposed": {
    "sizes": ["inputs", "outputs", "size", "stride", "padding", "from", "to"],
    "weights": { "weight": ["inputs", "outputs", "size", "size"], "bias": ["outputs"] }
  },
  "channelwise": {
    "sizes": ["channels", "places"],
    "weights": { "weight": ["channels", "places", "places"], "bias": ["channels", "places"] }
  },
  "shuffle": { "sizes": ["channels", "factor", "from"], "weights": {} },
  "sum": { "sizes": ["scale", "layers"], "weights": {} },
  "keep": { "sizes": ["count"], "weights": {} },
  "prelu": { "sizes": ["channels", "places"], "weights": { "slope": ["channels"] } },
  "relu": { "sizes": [], "weights": {} },
  "sigmoid": { "sizes": [], "weights": {} },
  "tanh": { "sizes": [], "weights": {} },
  "silu": { "sizes": [], "weights": {} },
  "gelu": { "sizes": [], "weights": {} }
};
