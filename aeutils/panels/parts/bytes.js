// What travels as bytes: deflated, numbers in full or half precision, or in 8 bits.

export function fromHalf(bytes) {
  return Float32Array.from(new Uint16Array(bytes.buffer), (bits) => {
    const [exponent, fraction] = [(bits >> 10) & 31, (bits & 1023) / 1024];
    const size = exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14;
    return bits & 0x8000 ? -size : size;
  });
}

export async function inflate(data) {
  if (!data.byteLength) return new Uint8Array();
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Runs of weights, [count, bits] each, as precision.py has packed them -> all of them, and how many bytes they took. In 8
// bits, a scale in half precision for every BLOCK of them comes first.
const BLOCK = 64;
export function unpack(bytes, runs) {
  const values = new Float32Array(runs.reduce((sum, [count]) => sum + count, 0));
  let [at, filled] = [0, 0];
  const take = (length) => bytes.slice(at, (at += length));
  for (const [count, bits] of runs) {
    if (bits === 32) values.set(new Float32Array(take(4 * count).buffer), filled);
    else if (bits === 16) values.set(fromHalf(take(2 * count)), filled);
    else {
      const scales = fromHalf(take(2 * Math.ceil(count / BLOCK)));
      new Int8Array(take(count).buffer).forEach((v, k) => (values[filled + k] = v * scales[Math.floor(k / BLOCK)]));
    }
    filled += count;
  }
  return { values, used: at };
}
