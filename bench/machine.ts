import { stat } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { writeSample } from "../media/index.js";

const repository = resolve(import.meta.dirname, "../..");

/** Describes the machine: CPU model, number of cores, and load average. */
export const machine = (): { cpu: string; cores: number; load: number } => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  load: Math.round(loadavg()[0] * 10) / 10,
});

/** Returns the clip of the documented figures, or a generated sample if it is not available. */
export async function benchClip(folder: string): Promise<{ path: string; name: string }> {
  const bunny = join(process.env.SIEDD_MEDIA ?? join(repository, "../shared/media"), "bunny.mp4");
  if ((await stat(bunny).catch(() => undefined)) !== undefined) return { path: bunny, name: "bunny" };
  const sample = join(folder, "sample.mp4");
  await writeSample({ output: sample });
  return { path: sample, name: "sample" };
}

/** Path of the built command line. */
export const command = join(repository, "dist/cli/main.js");

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));
