import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rounded } from "../machine.js";
import { fetchBody, memoryOf, milliseconds, startServer } from "./server-process.js";
import { smallSource } from "./source-clip.js";
import { median } from "./video.js";

const COUNTS = [1000, 10_000];
const WARM_RUNS = 5;

/** Measures how long a server takes to list a folder of sources after its start, and when nothing has changed. */
export async function measureSourceFolders() {
  const source = await smallSource();
  const results = [];
  for (const count of COUNTS) {
    const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
    try {
      // Files of their own: links to one file would be one content in every cache of the system.
      for (let i = 0; i < count; i++) await copyFile(source, join(root, `video ${i}.mp4`));
      results.push({ sources: count, ...(await measureFolder(root)) });
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }
  return results;
}

async function measureFolder(root: string) {
  const server = await startServer({ root, port: 0, prefetch: 0 });
  try {
    const cold = await milliseconds(() => fetchBody(server.url));
    const warm: number[] = [];
    for (let run = 0; run < WARM_RUNS; run++) warm.push(await milliseconds(() => fetchBody(server.url)));
    return {
      startMs: rounded(server.startMs, 0),
      listedMs: rounded(cold, 0),
      warmMs: rounded(median(warm), 0),
      megabytes: rounded(memoryOf(server).now, 0),
      peakMegabytes: rounded(memoryOf(server).peak, 0),
    };
  } finally {
    await server.close();
  }
}
