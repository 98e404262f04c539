import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import {
  allocateTile,
  type GroupWeights,
  indexAdts,
  quantize,
  sharedEncoderSize,
  type TextTrackContents,
  type TileNetwork,
  type TrackLabelFields,
  writeAssetHeader,
  writeGroup,
  writeParts,
} from "../../codec/internal.js";
import {
  copySpan,
  covers,
  removeTime,
  type SyntheticSpan,
  selectTiles,
  spanGroups,
} from "./synthetic-spans.js";

/** Options of a synthetic asset. The defaults yield a small valid asset without audio. */
export interface SyntheticOptions {
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: { readonly num: number; readonly den: number };
  /** Frames of each group. */
  readonly groups?: readonly number[];
  /** Indexes of groups that begin a scene. Default: none. */
  readonly scenes?: readonly number[];
  /** Seconds of a 440 Hz tone. Default 0: no audio. */
  readonly tone?: number;
  /** Languages, one per audio track. Default: one track, "und". */
  readonly languages?: readonly string[];
  /** Labels of the audio tracks, instead of `languages`. */
  readonly audioLabels?: readonly TrackLabelFields[];
  /** Subtitle tracks. Default: none. */
  readonly text?: readonly TextTrackContents[];
  /** Width of all tiles. Default 8. */
  readonly tileWidth?: number;
  /** Widths of the tiles, repeated cyclically; replaces `tileWidth`. */
  readonly widths?: readonly number[];
  readonly encoderWidth?: number;
  readonly hiddenLayers?: number;
  readonly overlap?: number;
  readonly seed?: number;
  /** Networks that cover several groups, instead of those of their groups. Default: none. */
  readonly spans?: readonly SyntheticSpan[];
  /**
   * Whether each group of a span has a copy of its networks, as in an asset of version 1. The frames are the same with
   * `timeless`. Default false.
   */
  readonly copiesSpans?: boolean;
  /** Whether the networks of spans do not depend on time, except for their motion. Default false. */
  readonly timeless?: boolean;
}

/** Returns a pseudorandom number generator (32-bit xorshift, G. Marsaglia, 2003), uniform in [-1, 1). */
export function createRandom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 31 - 1;
  };
}

export function syntheticNetwork(options: SyntheticOptions = {}): TileNetwork {
  const width = options.width ?? 320;
  const height = options.height ?? 180;
  return {
    profile: "tile",
    rows: Math.max(1, Math.round(height / 40)),
    columns: Math.max(1, Math.round(width / 40)),
    overlap: options.overlap ?? 2,
    frequencies: 4,
    omega: 20,
    encoderWidth: options.encoderWidth ?? 0,
    hiddenLayers: options.hiddenLayers ?? 2,
  };
}

/** Returns random weights in the range of trained ones. They decode to a colorful moving pattern. */
export function syntheticGroup(
  network: TileNetwork,
  frameCount: number,
  random: () => number,
  widths: readonly number[],
): GroupWeights<Float32Array> {
  const tiles = Array.from({ length: network.rows * network.columns }, (_, t) => {
    const tile = allocateTile(network, widths[t % widths.length], (length) => new Float32Array(length));
    tile.hidden.forEach((matrix, layer) => {
      const inputs = matrix.length / Math.max(1, tile.width);
      const bound = (Math.sqrt(6 / inputs) / network.omega) * (layer === 0 ? 2 : 1);
      for (let i = 0; i < matrix.length; i++) matrix[i] = random() * bound;
      for (let i = 0; i < tile.width; i++) tile.hiddenBias[layer][i] = random() * 0.1;
    });
    for (let i = 0; i < tile.head.length; i++) tile.head[i] = random() / Math.sqrt(tile.width);
    for (let i = 0; i < 3; i++) tile.headBias[i] = random() * 0.3;
    return tile;
  });
  const motion = Float32Array.from({ length: tiles.length * frameCount * 2 }, () => random() * 0.05);
  return { frameCount, mean: [0.5, 0.5, 0.5], deviation: [0.2, 0.2, 0.2], tiles, motion };
}

/** Returns the bytes of a valid asset with random weights. */
export function syntheticAsset(options: SyntheticOptions = {}): Uint8Array {
  const network = syntheticNetwork(options);
  const random = createRandom(options.seed ?? 7);
  const size = sharedEncoderSize(network);
  const encoder = {
    weights: Float32Array.from({ length: size.weights }, () => random() * 0.06),
    bias: Float32Array.from({ length: size.bias }, () => random() * 0.1),
  };
  const steps = {
    hidden: new Array(network.hiddenLayers).fill(1e-4),
    hiddenBias: new Array(network.hiddenLayers).fill(1e-4),
    head: 1e-3,
    headBias: 1e-3,
    motion: 1e-3,
  };
  const frameCounts = options.groups ?? [25, 25, 10];
  const widths = options.widths ?? [options.tileWidth ?? 8];
  const groups = frameCounts.map((frames, i) => ({
    ...syntheticGroup(network, frames, random, widths),
    startsScene: options.scenes?.includes(i) ?? false,
  }));
  const { spans = [], scenes = [], copiesSpans = false } = options;
  const trained = spans.map(({ group, level, tiles }) => {
    const frames = frameCounts
      .slice(group, group + spanGroups(frameCounts.length, scenes, group, level))
      .reduce((sum, frameCount) => sum + frameCount);
    const weights = syntheticGroup(network, frames, createRandom(97 * group + level), widths);
    if (options.timeless) for (const { hidden } of weights.tiles) removeTime(network, hidden[0]);
    return { ...selectTiles(weights, tiles), level, group };
  });
  const samples = copiesSpans
    ? groups.map((group, i) => {
        const copied = trained.reduce((all, span) => copySpan(all, span, frameCounts, i), group);
        return { bytes: writeGroup(network, quantize(copied, steps)), longParts: [] };
      })
    : groups.map((group, i) => {
        const covering = trained.filter((span) => covers(span, frameCounts, i));
        const own = [...group.tiles.keys()].filter((tile) =>
          covering.every(({ indices }) => !indices.includes(tile)),
        );
        const parts = [
          ...covering.filter((span) => span.group === i),
          { ...selectTiles(group, own), level: 0 },
        ];
        parts.sort((a, b) => b.level - a.level);
        return writeParts(
          network,
          parts.map((part) => quantize(part, steps)),
        );
      });
  const payloads = samples.map(({ bytes }) => bytes);
  const adts = (options.tone ?? 0) > 0 ? tone(options.tone ?? 0) : undefined;
  const track = adts === undefined ? undefined : indexAdts(adts);
  const labels = options.audioLabels ?? (options.languages ?? ["und"]).map((language) => ({ language }));
  const { header, chunks } = writeAssetHeader({
    width: options.width ?? 320,
    height: options.height ?? 180,
    frameRate: options.frameRate ?? { num: 25, den: 1 },
    profile: "tile",
    network,
    encoder,
    groups: frameCounts.map((frameCount, i) => ({
      frameCount,
      size: payloads[i].length,
      position: i - Math.max(0, ...scenes.filter((scene) => scene <= i)),
      longParts: samples[i].longParts,
    })),
    audio:
      track === undefined
        ? []
        : labels.map((labelsOfTrack) => ({
            ...track,
            ...labelsOfTrack,
            packetDuration: 1024,
            priming: 1024,
            packetSizes: track.sizes,
          })),
    ...(options.text === undefined ? {} : { text: options.text }),
  });
  const parts = chunks.flatMap((chunk) => {
    if (chunk.kind === "group") return [payloads[chunk.index]];
    return Array.from({ length: chunk.count }, (_, i) => {
      const packet = chunk.first + i;
      return adts!.subarray(track!.offsets[packet], track!.offsets[packet] + track!.sizes[packet]);
    });
  });
  return Buffer.concat([header, ...parts]);
}

export function writeSyntheticAsset(path: string, options: SyntheticOptions = {}): void {
  writeFileSync(path, syntheticAsset(options));
}

/** Tones by duration in seconds. Tests often write several assets with the same audio. */
const tones = new Map<number, Uint8Array>();

function tone(seconds: number): Uint8Array {
  const adts = tones.get(seconds) ?? encodeTone(seconds);
  tones.set(seconds, adts);
  return adts;
}

function encodeTone(seconds: number): Uint8Array {
  const args = [
    "-v",
    "error",
    "-f",
    "lavfi",
    "-i",
    `sine=440:duration=${seconds}:sample_rate=48000`,
    "-ac",
    "2",
  ];
  const run = spawnSync("ffmpeg", [...args, "-c:a", "aac", "-b:a", "96k", "-f", "adts", "-"], {
    maxBuffer: 2 ** 28,
  });
  if (run.status !== 0) throw new Error(`ffmpeg failed to encode a tone: ${run.stderr}`);
  return run.stdout;
}
