import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { machine, rounded } from "./machine.js";
import { measureCommand } from "./measure-command.js";

// Measures the peak memory of encodes of 10 s and 100 s of video. It must not grow with the duration, because the number of
// groups in memory is bounded. Frames are small and training is short, so that growth is not hidden.

const LENGTHS = [10, 100];
const BRIEF = ["--preset", "draft", "--steps", "20", "--phase1-steps", "20", "--points", "64"];
const WORKERS = 2;

const folder = await mkdtemp(join(tmpdir(), "siedd-bench-"));
try {
  const before = machine();
  const results = [];
  for (const seconds of LENGTHS) {
    const video = join(folder, `${seconds}.mkv`);
    const [frame, audio] = [`testsrc2=s=160x90:r=25:d=${seconds}`, `sine=440:d=${seconds}`];
    const inputs = [frame, audio].flatMap((graph) => ["-f", "lavfi", "-i", graph]);
    const codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac"];
    await promisify(execFile)("ffmpeg", ["-v", "error", ...inputs, ...codecs, video]);
    const asset = join(folder, `${seconds}.siedd`);
    const { wallSeconds, peakMegabytes } = await measureCommand([
      "encode",
      video,
      "-o",
      asset,
      ...BRIEF,
      "--workers",
      String(WORKERS),
    ]);
    results.push({ videoSeconds: seconds, bytes: (await stat(asset)).size, wallSeconds, peakMegabytes });
  }
  const [short, long] = results;
  const growth = rounded(long.peakMegabytes / short.peakMegabytes);
  process.stdout.write(
    `${JSON.stringify({ bench: "memory", machine: before, workers: WORKERS, results, growth })}\n`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
