import { closest } from "fastest-levenshtein";
import { badOption } from "./errors.js";
import type { EncodeOptions } from "./options.js";

/** All options of `encode`. The compiler reports missing ones. */
const KNOWN: Readonly<Record<keyof EncodeOptions, true>> = {
  input: true,
  output: true,
  profile: true,
  preset: true,
  size: true,
  from: true,
  to: true,
  videoStream: true,
  steps: true,
  phase1Steps: true,
  points: true,
  width: true,
  hiddenLayers: true,
  groupFrames: true,
  maxSpan: true,
  anchors: true,
  anchorChoice: true,
  optimizer: true,
  lr: true,
  sampling: true,
  loss: true,
  sharedEncoder: true,
  noise: true,
  patch: true,
  decoder: true,
  rank: true,
  fraction: true,
  targetPsnr: true,
  targetBpp: true,
  minPsnr: true,
  trainer: true,
  kernel: true,
  device: true,
  precision: true,
  workers: true,
  seed: true,
  resume: true,
  workDir: true,
  signal: true,
  onEvent: true,
};

/** @throws EncoderError `bad-option` for the first option that does not exist, with the closest name that does */
export function rejectUnknownOptions(options: EncodeOptions): void {
  const { size } = options;
  rejectUnknown("", options, Object.keys(KNOWN));
  if (typeof size === "object" && size !== null) rejectUnknown("size.", size, ["width", "height"]);
}

function rejectUnknown(path: string, value: object, known: readonly string[]): void {
  const name = Object.keys(value).find((key) => !known.includes(key));
  if (name === undefined) return;
  throw badOption(
    `${path}${name}`,
    `${path}${name} does not exist; did you mean ${path}${closest(name, known)}?`,
  );
}
