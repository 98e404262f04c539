import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BALANCED } from "./decoding/balanced.js";
import { randomAsset } from "./decoding/random-asset.js";
import { machine, rounded } from "./machine.js";
import type { NodeFigures } from "./nodes/measure.js";
import { nodeBinary } from "./nodes/node-binary.js";
import { median } from "./serving/video.js";

// Measures training, decoding and serving with several versions of Node, so that a regression of an engine is seen.
// SIEDD_NODES="20 26" selects major versions, SIEDD_BENCH_ROUNDS=1 the number of rounds. In a round, each version is
// measured once, in alternating order. Ratios compare a version with the first one in the same round.

const FRAME = { width: 640, height: 360 };
const majors = (process.env.SIEDD_NODES ?? "20 22 24 26").split(" ");
const rounds = Number(process.env.SIEDD_BENCH_ROUNDS ?? 3);
const run = promisify(execFile);

const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  const before = machine();
  const asset = randomAsset({ network: BALANCED, frame: FRAME, tileWidth: 16, groups: 4, frameCount: 25 });
  await writeFile(join(root, "video.siedd"), asset);
  const nodes: { binary: string; version: string; figures: NodeFigures[] }[] = [];
  for (const major of majors) {
    const binary = await nodeBinary(major);
    const { stdout } = await run(binary, ["--version"]);
    nodes.push({ binary, version: stdout.trim(), figures: [] });
  }
  const script = join(import.meta.dirname, "nodes/measure.js");
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? nodes : [...nodes].reverse();
    for (const { binary, figures } of order) {
      const { stdout } = await run(binary, [script, root]);
      figures.push(JSON.parse(stdout));
    }
  }
  const [reference] = nodes;
  const summary = (key: keyof NodeFigures, figures: readonly NodeFigures[]) => ({
    value: rounded(median(figures.map((figure) => figure[key]))),
    ratio: rounded(median(figures.map((figure, i) => figure[key] / reference.figures[i][key])), 3),
  });
  const results = nodes.map(({ version, figures }) => ({
    version,
    trainingStep: summary("trainingStep", figures),
    decoding: summary("decoding", figures),
    cold: summary("cold", figures),
    warm: summary("warm", figures),
  }));
  const units = {
    trainingStep: "microseconds per tile and step on one core",
    decoding: "Mpixel/s of I420 on one core at twice the source size",
    cold: "ms for an uncached second at 1280x720",
    warm: "ms for the same second from the cache",
    ratio: `relative to ${reference.version} in the same round, median`,
  };
  process.stdout.write(`${JSON.stringify({ bench: "nodes", machine: before, units, rounds, results })}\n`);
} finally {
  await rm(root, { recursive: true, force: true });
}
