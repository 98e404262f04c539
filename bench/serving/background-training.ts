import { mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encode } from "../../encoder/index.js";
import { rounded } from "../machine.js";
import { fetchBody, milliseconds, type ServerProcess, startServer } from "./server-process.js";
import { fullHdSource, smallSource } from "./source-clip.js";
import { median } from "./video.js";

const RUNS = 7;
/** Milliseconds after a request until training runs again: the server waits two seconds. */
const PAUSE_MS = 3500;
const TRAINING_RUNS = 3;
const SETTINGS = { preset: "draft" } as const;

/** Measures how much training in `idle` delays viewers, and how much the server delays training while nobody watches. */
export async function measureBackgroundTraining() {
  return { viewer: await measureViewer(), training: await measureTraining() };
}

const encodingOf = async (server: ServerProcess, id: string) =>
  JSON.parse((await fetchBody(`${server.url}${id}/info.json`)).toString()) as {
    readonly backend: string;
    readonly encoding?: { readonly state: string; readonly phase?: string; readonly yielding?: boolean };
  };

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(50);
}

/** Compares uncached segments of two servers on the same source. One of them trains between the requests. */
async function measureViewer() {
  const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
  await symlink(await fullHdSource(), join(root, "video.mp4"));
  const common = { root, port: 0, cacheBytes: 0, prefetch: 0, watch: false } as const;
  const still = await startServer(common);
  const training = await startServer({ ...common, encode: "idle", encodeOptions: SETTINGS });
  const times = { still: [] as number[], training: [] as number[] };
  try {
    const isTraining = async () => {
      const { encoding } = await encodingOf(training, "video");
      return encoding?.state === "training" && encoding.phase?.startsWith("phase") === true;
    };
    await until(isTraining);
    for (let run = 0; run < RUNS; run++) {
      const path = `video/full/%5E1280,720/seg-${8 + 2 * run}.m4s`;
      await until(
        async () => (await isTraining()) && !(await encodingOf(training, "video")).encoding?.yielding,
      );
      times.training.push(await milliseconds(() => fetchBody(training.url + path)));
      // Training stays stopped for the other server if a request has just come.
      times.still.push(await milliseconds(() => fetchBody(still.url + path)));
      await sleep(PAUSE_MS);
    }
  } finally {
    await Promise.all([still.close(), training.close()]);
    await rm(root, { recursive: true, force: true });
  }
  const ratios = times.training.map((time, i) => time / (times.still[i] ?? Number.NaN));
  return {
    coldMs: rounded(median(times.still), 0),
    coldWhileTrainingMs: rounded(median(times.training), 0),
    ratio: rounded(median(ratios)),
  };
}

/** Compares an encode in the background of a server that serves nobody with the same encode alone. */
async function measureTraining() {
  const input = await smallSource();
  const seconds = { alone: [] as number[], background: [] as number[] };
  for (let run = 0; run < TRAINING_RUNS; run++) {
    const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
    try {
      const alone = await encode({ ...SETTINGS, input, output: join(root, "alone.siedd") });
      seconds.alone.push(alone.seconds);
      await symlink(input, join(root, "video.mp4"));
      const server = await startServer({ root, port: 0, encode: "idle", encodeOptions: SETTINGS });
      await until(async () => (await encodingOf(server, "video")).encoding?.state === "training");
      const output = join(root, "video.siedd");
      seconds.background.push(
        (await milliseconds(() =>
          until(() =>
            stat(output).then(
              () => true,
              () => false,
            ),
          ),
        )) / 1000,
      );
      await server.close();
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }
  return {
    aloneSeconds: rounded(median(seconds.alone), 1),
    backgroundSeconds: rounded(median(seconds.background), 1),
    ratio: rounded(median(seconds.background.map((time, i) => time / (seconds.alone[i] ?? Number.NaN)))),
  };
}
