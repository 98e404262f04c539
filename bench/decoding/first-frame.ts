import { setFlagsFromString } from "node:v8";
import { fullRegion, hasRelaxedSimd, KernelDecoder, openAsset } from "../../codec/internal.js";
import { fileSource } from "../../decode-pool/index.js";

/** As in the server's threads. */
export function enableRelaxedSimd(): void {
  if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** Milliseconds from a path to the first frame of group `index`: opening, reading, decoding. */
export async function firstFrame(
  path: string,
  index: number,
  size: { readonly width: number; readonly height: number },
): Promise<number> {
  const started = performance.now();
  const asset = await openAsset(fileSource(path));
  if (asset.profile !== "tile") throw new Error("the bench is of the tile profile");
  const decoder = await KernelDecoder.create(asset);
  const group = decoder.loadGroup(index, await asset.readGroup(index));
  const out = new Uint8Array((size.width * size.height * 3) / 2);
  decoder.decodeI420(group, 0, { region: fullRegion(asset), ...size }, "bt709", out);
  return performance.now() - started;
}

// A process of its own for the cold figure: first-frame.js <asset> <group> <width> <height>
if (process.argv[1] === import.meta.filename) {
  const [path, index, width, height] = process.argv.slice(2);
  enableRelaxedSimd();
  const ms = await firstFrame(path, Number(index), { width: Number(width), height: Number(height) });
  process.stdout.write(`${ms}\n`);
}
