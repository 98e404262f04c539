import {
  createFrameDecoder,
  type DecoderBackend,
  fullRegion,
  memorySource,
  openAsset,
  type TileNetwork,
} from "../../codec/internal.js";
import { rounded } from "../machine.js";
import { randomAsset } from "./random-asset.js";

const ROUNDS = 8;

/** Mpixel/s of finished I420 on one core by each engine at each width of the tiles: the best frame, in turns. */
export async function compareEngines(
  network: TileNetwork,
  picture: { readonly width: number; readonly height: number },
  widths: readonly number[],
): Promise<({ readonly width: number; readonly times: number } & Record<DecoderBackend, number>)[]> {
  const results = [];
  const pixels = picture.width * picture.height;
  const request = { region: fullRegion(picture), ...picture };
  const out = new Uint8Array(pixels * 1.5);
  for (const width of widths) {
    const asset = await openAsset(memorySource(randomAsset(network, picture, width, 1, ROUNDS)));
    const best: Record<DecoderBackend, number> = {
      kernel: Number.POSITIVE_INFINITY,
      onnx: Number.POSITIVE_INFINITY,
    };
    const loaded = [];
    for (const name of ["kernel", "onnx"] as const) {
      const runtime = () => import("onnxruntime-node");
      const engine = await createFrameDecoder(asset, { engine: name, runtime, threads: 1 });
      loaded.push({ name, engine, group: engine.loadGroup(0, await asset.readGroup(0)) });
    }
    for (let frame = 0; frame < ROUNDS; frame++) {
      for (const { name, engine, group } of loaded) {
        const started = performance.now();
        await engine.decodeI420(group, frame, request, "bt709", out);
        best[name] = Math.min(best[name], performance.now() - started);
      }
    }
    const rate = (name: DecoderBackend) => rounded(pixels / best[name] / 1000, 1);
    const times = rounded(best.onnx / best.kernel, 1);
    results.push({ width, kernel: rate("kernel"), onnx: rate("onnx"), times });
  }
  return results;
}
