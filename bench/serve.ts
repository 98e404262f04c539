import { mkdir, mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { encode } from "../encoder/index.js";
import { writeSample } from "../media/index.js";
import { serve } from "../server/index.js";

// How long a player waits: the first second of a stream that nobody asked for before, and the same again.

const ROUNDS = 5;
const WARM_REQUESTS = 50;
const SIZES = [
  { width: 640, height: 360, path: "640,360" },
  { width: 1280, height: 720, path: "%5E1280,720" },
];

const repository = resolve(import.meta.dirname, "../..");
const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Two seconds at 640x360, encoded once: what is measured is the server, not the quality. */
async function assetToServe(): Promise<string> {
  const folder = join(repository, ".siedd/bench");
  const output = join(folder, "serve.siedd");
  if (await exists(output)) return output;
  await mkdir(folder, { recursive: true });
  const bunny = join(process.env.SIEDD_MEDIA ?? join(repository, "../shared/media"), "bunny.mp4");
  const sample = join(folder, "sample.mp4");
  const input = (await exists(bunny)) ? bunny : sample;
  if (input === sample) await writeSample({ output: sample });
  await encode({ input, output, preset: "draft", size: { width: 640, height: 360 }, from: 0, to: 2 });
  return output;
}

async function milliseconds(url: string): Promise<number> {
  const started = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return performance.now() - started;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};
const rounded = (value: number): number => Math.round(value * 10) / 10;

const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  await symlink(await assetToServe(), join(root, "film.siedd"));
  const results = [];
  for (const { width, height, path } of SIZES) {
    const [cold, start, warm]: number[][] = [[], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      const server = await serve({ root, port: 0 });
      const folder = `${server.url}film/full/${path}/`;
      // What a player does before its first picture, one after the other.
      let before = 0;
      for (const name of ["index.m3u8", "init.mp4"]) before += await milliseconds(folder + name);
      const first = await milliseconds(`${folder}seg-0.m4s`);
      cold.push(first);
      start.push(before + first);
      for (let i = 0; i < WARM_REQUESTS / ROUNDS; i++) warm.push(await milliseconds(`${folder}seg-0.m4s`));
      await server.close();
    }
    results.push({
      ...{ width, height },
      coldSegmentMs: rounded(median(cold)),
      coldStartMs: rounded(median(start)),
      warmSegmentMs: rounded(median(warm)),
    });
  }
  const load = rounded(loadavg()[0]);
  process.stdout.write(
    `${JSON.stringify({ bench: "serve", cores: availableParallelism(), load, results })}\n`,
  );
} finally {
  await rm(root, { recursive: true, force: true });
}
