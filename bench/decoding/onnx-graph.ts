import type { TileNetwork } from "../../codec/internal.js";
import { exportFunction } from "../../encoder/graph/onnx-export.js";
import { Operations } from "../../encoder/graph/operations.js";
import type { Tensor } from "../../encoder/graph/tensor.js";
import { tileForward } from "../../encoder/training/network/forward.js";
import { tileParameters } from "../../encoder/training/network/parameters.js";
import { type Feed, float32Tensor, loadGraph } from "../../encoder/training/onnx/onnx-runtime.js";

/**
 * Measures the milliseconds per frame of a network as an ONNX graph, all tiles at once: R'G'B' floats without overlap,
 * blending, 4:2:0 or rounding. Returns the fastest of `runs`.
 */
export async function onnxMilliseconds(
  network: TileNetwork,
  {
    tileWidth,
    pointsPerTile,
    threads,
    runs,
  }: {
    readonly tileWidth: number;
    readonly pointsPerTile: number;
    readonly threads: number;
    readonly runs: number;
  },
): Promise<number> {
  const tiles = network.rows * network.columns;
  const g = new Operations();
  const feeds: Record<string, Feed> = {};
  const fill = (tensor: Tensor, bound: number): Tensor => {
    const size = tensor.shape.reduce((product, n) => product * n, 1);
    feeds[tensor.name ?? ""] = float32Tensor(
      Float32Array.from({ length: size }, (_, i) => Math.sin(i) * bound),
      tensor.shape,
    );
    return tensor;
  };
  const parameters = tileParameters(g, network, tiles, tileWidth);
  for (const { weights, bias } of [...parameters.hidden, parameters.head]) {
    fill(weights, 0.05);
    fill(bias, 0.1);
  }
  const output = tileForward(g, network, parameters, {
    position: fill(g.input("position", [1, 2, pointsPerTile]), 1),
    offset: fill(g.input("offset", [tiles, 2, 1]), 0),
    frame: fill(g.input("frame", [pointsPerTile]), 0),
    motion: fill(g.input("motion", [tiles, 2, 1]), 0.05),
  });
  const graph = await loadGraph(exportFunction({ output }), "cpu", threads);
  try {
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run <= runs; run++) {
      const started = performance.now();
      await graph.run(feeds);
      if (run > 0) best = Math.min(best, performance.now() - started);
    }
    return best;
  } finally {
    await graph.release();
  }
}
