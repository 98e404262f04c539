import type { TileNetwork } from "../../codec/internal.js";
import { exportFunction } from "../../encoder/graph/onnx-export.js";
import { Operations } from "../../encoder/graph/operations.js";
import type { Tensor } from "../../encoder/graph/tensor.js";
import { tileForward } from "../../encoder/training/network/forward.js";
import { tileParameters } from "../../encoder/training/network/parameters.js";
import { type Feed, floats, loadGraph } from "../../encoder/training/onnx/onnx-runtime.js";

/**
 * Milliseconds a frame of the same network as an ONNX graph, all tiles at once: R'G'B' floats without overlap,
 * cross-fade, 4:2:0 or rounding. The fastest of `rounds`.
 */
export async function onnxMilliseconds(
  network: TileNetwork,
  tileWidth: number,
  pointsPerTile: number,
  threads: number,
  rounds: number,
): Promise<number> {
  const tiles = network.rows * network.columns;
  const g = new Operations();
  const feeds: Record<string, Feed> = {};
  const give = (tensor: Tensor, bound: number): Tensor => {
    const size = tensor.shape.reduce((product, n) => product * n, 1);
    feeds[tensor.name ?? ""] = floats(
      Float32Array.from({ length: size }, (_, i) => Math.sin(i) * bound),
      tensor.shape,
    );
    return tensor;
  };
  const parameters = tileParameters(g, network, tiles, tileWidth);
  for (const { weights, bias } of [...parameters.hidden, parameters.head]) {
    give(weights, 0.05);
    give(bias, 0.1);
  }
  const output = tileForward(g, network, parameters, {
    position: give(g.input("position", [1, 2, pointsPerTile]), 1),
    offset: give(g.input("offset", [tiles, 2, 1]), 0),
    frame: give(g.input("frame", [pointsPerTile]), 0),
    motion: give(g.input("motion", [tiles, 2, 1]), 0.05),
  });
  const graph = await loadGraph(exportFunction({ output }), "cpu", threads);
  try {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round <= rounds; round++) {
      const started = performance.now();
      await graph.run(feeds);
      if (round > 0) best = Math.min(best, performance.now() - started);
    }
    return best;
  } finally {
    await graph.release();
  }
}
