import {
  createFrameDecoder,
  type DecoderEngine,
  fullRegion,
  memorySource,
  openAsset,
  type TileNetwork,
} from "../../codec/internal.js";
import { rounded } from "../machine.js";
import { randomAsset } from "./random-asset.js";

const FRAMES = 8;

/** Measures both decoders on one core in Mpixel/s of I420, by tile width. They alternate, and the fastest frame counts. */
export async function compareDecoders(
  network: TileNetwork,
  frame: { readonly width: number; readonly height: number },
  widths: readonly number[],
): Promise<({ readonly width: number; readonly speedup: number } & Record<DecoderEngine, number>)[]> {
  const results = [];
  const pixels = frame.width * frame.height;
  const viewport = { region: fullRegion(frame), ...frame };
  const out = new Uint8Array(pixels * 1.5);
  for (const width of widths) {
    const asset = await openAsset(
      memorySource(randomAsset({ network, frame, tileWidth: width, groups: 1, frameCount: FRAMES })),
    );
    const best: Record<DecoderEngine, number> = {
      kernel: Number.POSITIVE_INFINITY,
      onnx: Number.POSITIVE_INFINITY,
    };
    const loaded = [];
    for (const name of ["kernel", "onnx"] as const) {
      const runtime = () => import("onnxruntime-node");
      const decoder = await createFrameDecoder(asset, { engine: name, runtime, threads: 1 });
      loaded.push({ name, decoder, group: decoder.loadGroup(0, await asset.readGroup(0)) });
    }
    for (let index = 0; index < FRAMES; index++) {
      for (const { name, decoder, group } of loaded) {
        const started = performance.now();
        await decoder.decodeI420(group, index, { viewport, matrix: "bt709" }, out);
        best[name] = Math.min(best[name], performance.now() - started);
      }
    }
    const rate = (name: DecoderEngine) => rounded(pixels / best[name] / 1000, 1);
    const speedup = rounded(best.onnx / best.kernel, 1);
    results.push({ width, kernel: rate("kernel"), onnx: rate("onnx"), speedup });
  }
  return results;
}
