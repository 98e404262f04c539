import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type EncodeOptions, encode, framePsnr } from "../../encoder/index.js";
import { type SirenNetwork, sirenRate, storeSiren, widthOf } from "../baselines/siren.js";
import { type SirenPlan, sirenFrames, trainSiren } from "../baselines/train-siren.js";
import { evenly, loadVideo, someFrames, type Video } from "../baselines/video.js";
import { rounded } from "../machine.js";
import type { RowClip } from "./clip.js";
import type { Row, Settings } from "./settings.js";

/** Sine layers of the baselines, as many as the paper profile's. */
export const SIREN_LAYERS = 5;
/** Frames on which the PSNR of a SIREN is looked at while it is trained, and pixels of each about. */
const LOOKED_AT = 8;
const PIXELS_LOOKED_AT = 12_000;
/** Looks while a baseline is trained. */
const LOOKS = 8;

/** One codec on one row. */
export interface Reached {
  readonly seconds: number;
  /** Of all threads of this process, ffmpeg's left out: what a busy machine changes less. */
  readonly cpuSeconds: number;
  readonly psnr: number;
  readonly bytes: number;
  /** False where it was stopped before the PSNR that it had to reach. */
  readonly reached: boolean;
}

/** Time to reach the paper profile's PSNR by each codec. */
export interface RowResult {
  readonly row: Row;
  readonly notes: readonly string[];
  readonly paper: Reached;
  readonly tile: Reached & { readonly steps: number };
  /** Undefined where the baselines are left out. */
  readonly siren?: Reached & { readonly width: number };
  readonly coin?: Reached & { readonly width: number };
}

type Say = (line: string) => void;

/** Assets go to `folder`, as `assetPath` says. */
export async function measureRow(
  row: Row,
  clip: RowClip,
  settings: Settings,
  folder: string,
  say: Say,
): Promise<RowResult> {
  const size = { width: row.width, height: row.height };
  const common = { input: clip.path, size };
  const output = assetPath(folder, row, "paper");
  const paper = { ...(await encoded({ ...common, ...settings.paper, output })), reached: true };
  say(`paper ${describe(paper)}`);
  const tile = await tileUntil(
    { ...common, preset: settings.tilePreset, output: assetPath(folder, row, "tile") },
    paper.psnr,
    settings.tileSteps,
    say,
  );
  const profiles = { row, notes: clip.notes, paper, tile };
  if (!settings.baselines) return profiles;
  const video = await loadVideo(clip.path, size, row.frames);
  const threads = availableParallelism();
  const siren = await sirenUntil(
    {
      networks: 1,
      inputs: 3,
      width: widthOf(paper.bytes, 3, SIREN_LAYERS),
      layers: SIREN_LAYERS,
    },
    video,
    { points: settings.points.siren, threads },
    paper.psnr,
    settings.baselineSeconds,
  );
  say(`siren ${describe(siren)}`);
  const some = evenly(row.frames, settings.coinFrames);
  const alone = await sirenUntil(
    {
      networks: some.length,
      inputs: 2,
      width: widthOf(paper.bytes / row.frames, 2, SIREN_LAYERS),
      layers: SIREN_LAYERS,
    },
    someFrames(video, some),
    { points: settings.points.coin, threads },
    paper.psnr,
    settings.baselineSeconds,
  );
  const share = row.frames / some.length;
  const coin = {
    ...alone,
    seconds: rounded(alone.seconds * share, 1),
    cpuSeconds: rounded(alone.cpuSeconds * share, 1),
    bytes: Math.round(alone.bytes * share),
  };
  say(`coin ${describe(coin)}, measured on ${some.length} frames`);
  return { ...profiles, siren, coin };
}

/** Where the assets of a row lie. */
export const assetPath = (folder: string, row: Row, profile: "paper" | "tile"): string =>
  join(folder, `${row.name.replaceAll(/[^\da-z]/gi, "-")}-${profile}.siedd`);

/** Processor seconds of this process so far. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function encoded(options: EncodeOptions): Promise<Omit<Reached, "reached">> {
  const before = cpuSeconds();
  const { seconds, psnr, bytes, audioBytes } = await encode(options);
  return {
    seconds: rounded(seconds, 2),
    cpuSeconds: rounded(cpuSeconds() - before, 1),
    psnr: rounded(psnr),
    bytes: bytes - audioBytes,
  };
}

/** A codec's numbers in words. */
export const describe = ({ seconds, cpuSeconds, psnr, bytes, reached }: Reached): string =>
  `${reached ? "" : "not within "}${seconds} s, ${cpuSeconds} s of processors, ${psnr} dB, ${bytes} bytes`;

async function tileUntil(
  options: EncodeOptions,
  psnr: number,
  tried: readonly number[],
  say: Say,
): Promise<RowResult["tile"]> {
  for (const [i, steps] of tried.entries()) {
    const found = await encoded({ ...options, steps, phase1Steps: steps });
    const reached = found.psnr >= psnr;
    say(`tile, ${steps} steps: ${describe({ ...found, reached: true })}`);
    if (reached || i === tried.length - 1) return { ...found, steps, reached };
  }
  throw new Error("no number of steps was given for the tile profile");
}

/**
 * Trains until the stored network has the PSNR, or for so many processor seconds; looked at now and then, the time of
 * looking left out.
 */
async function sirenUntil(
  network: SirenNetwork,
  video: Video,
  plan: Pick<SirenPlan, "points" | "threads">,
  psnr: number,
  seconds: number,
): Promise<Reached & { width: number }> {
  const frames = evenly(video.frameCount, LOOKED_AT);
  const stride = Math.max(1, Math.round(Math.sqrt((video.width * video.height) / PIXELS_LOOKED_AT)));
  let before = { seconds: 0, cpuSeconds: 0, psnr: Number.NEGATIVE_INFINITY };
  let bytes = 0;
  const rate = sirenRate(network);
  const whole: SirenPlan = { ...plan, rate, optimizer: "schedule-free", steps: 1_000_000 };
  for await (const progress of trainSiren(network, video, whole)) {
    if (progress.cpuSeconds < before.cpuSeconds + seconds / LOOKS && progress.cpuSeconds < seconds) continue;
    const stored = storeSiren(network, progress.weights());
    const shown = await sirenFrames(network, stored.weights, video, frames, stride);
    const now = shown.reduce((sum, { decoded, original }) => sum + framePsnr(decoded, original), 0);
    const found = { seconds: progress.seconds, cpuSeconds: progress.cpuSeconds, psnr: now / shown.length };
    bytes = stored.bytes;
    const reached = found.psnr >= psnr;
    if (reached && Number.isFinite(before.psnr)) {
      const share = (psnr - before.psnr) / (found.psnr - before.psnr);
      found.seconds = before.seconds + share * (found.seconds - before.seconds);
      found.cpuSeconds = before.cpuSeconds + share * (found.cpuSeconds - before.cpuSeconds);
      found.psnr = psnr;
    }
    before = found;
    if (reached || progress.cpuSeconds >= seconds) {
      const { width } = network;
      const spent = { seconds: rounded(found.seconds, 2), cpuSeconds: rounded(found.cpuSeconds, 1) };
      return { ...spent, psnr: rounded(found.psnr), bytes, reached, width };
    }
  }
  throw new Error("training ended before its time");
}
