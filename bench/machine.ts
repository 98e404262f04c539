import { stat } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
import { writeSample } from "../media/index.js";

const repository = resolve(import.meta.dirname, "../..");

/** What a figure must be read with: the processor, its cores and how busy they were before. */
export const machine = (): { cpu: string; cores: number; load: number } => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  load: Math.round(loadavg()[0] * 10) / 10,
});

/** The clip that the figures in the documentation are of, or the sample video where it is not at hand. */
export async function benchClip(folder: string): Promise<{ path: string; name: string }> {
  const bunny = join(process.env.SIEDD_MEDIA ?? join(repository, "../shared/media"), "bunny.mp4");
  if ((await stat(bunny).catch(() => undefined)) !== undefined) return { path: bunny, name: "bunny" };
  const sample = join(folder, "sample.mp4");
  await writeSample({ output: sample });
  return { path: sample, name: "sample" };
}

/** Path of the built command. */
export const command = join(repository, "dist/cli/main.js");

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));
