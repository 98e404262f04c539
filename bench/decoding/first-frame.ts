import { setFlagsFromString } from "node:v8";
import { fullRegion, hasRelaxedSimd, KernelDecoder, openAsset } from "../../codec/internal.js";
import { fileSource } from "../../decode-pool/index.js";

/** Enables relaxed SIMD, as the threads of the decode pool do. */
export function enableRelaxedSimd(): void {
  if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");
}

/** Measures the milliseconds to open an asset, read group `index`, and decode its first frame. */
export async function firstFrame(
  path: string,
  index: number,
  size: { readonly width: number; readonly height: number },
): Promise<number> {
  const started = performance.now();
  const asset = await openAsset(fileSource(path));
  if (asset.profile !== "tile") throw new Error("this benchmark requires the tile profile");
  const decoder = await KernelDecoder.create(asset);
  const group = decoder.loadGroup(index, await asset.readGroup(index));
  const out = new Uint8Array((size.width * size.height * 3) / 2);
  decoder.decodeI420(group, 0, { viewport: { region: fullRegion(asset), ...size }, matrix: "bt709" }, out);
  return performance.now() - started;
}

// As a script, for the cold start: first-frame.js <asset> <group> <width> <height>
if (process.argv[1] === import.meta.filename) {
  const [path, index, width, height] = process.argv.slice(2);
  enableRelaxedSimd();
  const ms = await firstFrame(path, Number(index), { width: Number(width), height: Number(height) });
  process.stdout.write(`${ms}\n`);
}
