import type { TileModel } from "../asset/model.js";
import { Kernel } from "../kernel/kernel.js";
import { TIME_FEATURES, type TileNetwork } from "../network/definition.js";
import type { PixelFormat, YuvTarget } from "./color.js";
import { type DecodePlan, planDecode } from "./decode-plan.js";
import { foldEncoder, foldHeads, foldPart, type KernelGroup, type KernelPart } from "./fold.js";
import { PartLoader, tileDisplacement, timeFeatures } from "./group-parts.js";
import { createMemoryMap, type MemoryMap, type PlacedGrid, TIME_STRIDE } from "./memory-map.js";
import { type ProgressiveFrame, renderProgressively } from "./progressive.js";
import { type Sampling, sampleOnce } from "./sampling.js";
import {
  checkEven,
  checkFramePosition,
  checkLength,
  checkViewport,
  type DecoderMetadata,
  sameViewport,
  type Viewport,
} from "./viewport.js";

/** Converts the sums of output rows `top` to `top + rows - 1` to bytes. */
type FinishStrip = (map: MemoryMap, top: number, rows: number) => void;

/** The parts of a tile asset that a decoder needs. */
export type TileDecoderAsset = DecoderMetadata & TileModel;

/** One frame to decode. */
interface DecodeJob {
  readonly group: KernelGroup;
  /** Frame within the group, may be fractional. */
  readonly frame: number;
  readonly viewport: Viewport;
  /**
   * Default: the result of `chooseSampling`. If set, the viewport is not checked: the caller derived it from a viewport
   * that was checked.
   */
  readonly sampling?: Sampling;
}

/** The part of one grid that lies in one strip. */
interface GridStrip {
  readonly map: MemoryMap;
  readonly plan: DecodePlan;
  readonly grid: PlacedGrid;
  readonly group: KernelGroup;
  readonly frame: number;
  /** Index of the strip. */
  readonly strip: number;
}

/**
 * Decodes frames of one asset of the tile profile on the WebAssembly kernel: any region at any size,
 * synchronously. Use one instance per thread. The work is proportional to the number of output pixels, and only
 * tiles that the region touches are computed.
 */
export class KernelDecoder {
  readonly #asset: TileDecoderAsset;
  readonly #network: TileNetwork;
  readonly #kernel: Kernel;
  readonly #encoder: Float32Array;
  #plan: DecodePlan | undefined;
  #sampling: Sampling | undefined;
  #map: MemoryMap | undefined;
  #wordCapacity = 0;
  #maxWidth = 0;
  #draftSampling: { readonly viewport: Viewport; readonly sampling: Sampling } | undefined;
  readonly #parts: PartLoader<KernelPart>;
  #loaded: { group: KernelGroup; format: PixelFormat } | undefined;
  /** Address in the kernel's memory of the words of each part of the loaded group. */
  #partAddresses: number[] = [];

  private constructor(asset: TileDecoderAsset, kernel: Kernel) {
    this.#asset = asset;
    this.#network = asset.network;
    this.#kernel = kernel;
    this.#encoder = foldEncoder(asset.network, asset.encoder);
    this.#parts = new PartLoader(asset, (part) => foldPart(asset.network, part));
  }

  /**
   * Creates a decoder.
   * @param options.relaxedSimd whether to use the kernel with relaxed SIMD, which is faster and yields the same
   *   bytes. Default: true if the runtime supports relaxed SIMD.
   */
  static async create(
    asset: TileDecoderAsset,
    options: { relaxedSimd?: boolean } = {},
  ): Promise<KernelDecoder> {
    return new KernelDecoder(asset, await Kernel.create(options.relaxedSimd));
  }

  /** Implements `FrameDecoder.loadGroup`. */
  loadGroup(index: number, payload: Uint8Array): KernelGroup {
    return this.#parts.load(index, payload);
  }

  /** Implements `FrameDecoder.decodeI420`. */
  decodeI420(group: KernelGroup, frame: number, { viewport, matrix }: YuvTarget, out: Uint8Array): void {
    const { width, height } = viewport;
    checkEven(viewport);
    const pixels = width * height;
    checkLength(out, (pixels * 3) / 2);
    this.#decode({ group, frame, viewport }, matrix, (map, top, rows) => {
      const luma = map.output;
      const cb = luma + rows * width + 16;
      const cr = cb + (rows * width) / 4 + 16;
      this.#kernel.exports.finishI420(map.sums, map.stride, map.plane, width, rows, luma, cb, cr);
      const quarter = (rows * width) / 4;
      out.set(this.#kernel.bytes(luma, rows * width), top * width);
      out.set(this.#kernel.bytes(cb, quarter), pixels + (top * width) / 4);
      out.set(this.#kernel.bytes(cr, quarter), (pixels * 5) / 4 + (top * width) / 4);
    });
  }

  /** Implements `FrameDecoder.decodeRgba`. */
  decodeRgba(
    group: KernelGroup,
    frame: number,
    viewport: Viewport,
    out: Uint8Array | Uint8ClampedArray,
  ): void {
    checkLength(out, viewport.width * viewport.height * 4);
    this.#decodeRgba({ group, frame, viewport }, out);
  }

  /** Decodes as `decodeRgba` does, but with one sample per pixel: faster, and aliased below the source size. */
  draftRgba(
    group: KernelGroup,
    frame: number,
    viewport: Viewport,
    out: Uint8Array | Uint8ClampedArray,
  ): void {
    checkLength(out, viewport.width * viewport.height * 4);
    checkViewport(viewport, this.#asset);
    // The plan is reused only for the same Sampling object.
    if (this.#draftSampling === undefined || !sameViewport(this.#draftSampling.viewport, viewport))
      this.#draftSampling = { viewport, sampling: sampleOnce(viewport) };
    this.#decodeRgba({ group, frame, viewport, sampling: this.#draftSampling.sampling }, out);
  }

  /**
   * Decodes a frame in two steps: first every second pixel of every second row, a quarter of the pixels in a
   * quarter of the time, then all pixels. No pixel is computed twice, unless the output is smaller than its
   * region: then pixels are means of several samples, and the first step uses different samples.
   * @throws SieddError `bad-request` as `decodeRgba` does.
   */
  *decodeProgressively(
    group: KernelGroup,
    frame: number,
    viewport: Viewport,
  ): Generator<ProgressiveFrame, void, undefined> {
    checkViewport(viewport, this.#asset);
    yield* renderProgressively(viewport, (part, sampling) => {
      const out = new Uint8Array(part.width * part.height * 4);
      this.#decodeRgba({ group, frame, viewport: part, sampling }, out);
      return out;
    });
  }

  #decodeRgba(job: DecodeJob, out: Uint8Array | Uint8ClampedArray): void {
    const { width } = job.viewport;
    this.#decode(job, "rgba", (map, top, rows) => {
      this.#kernel.exports.finishRgba(map.sums, map.stride, map.plane, width, rows, map.output);
      out.set(this.#kernel.bytes(map.output, rows * width * 4), top * width * 4);
    });
  }

  #decode({ group, frame, viewport, sampling }: DecodeJob, format: PixelFormat, finish: FinishStrip): void {
    checkFramePosition(frame, group.frameCount);
    const plan = this.#planFor(viewport, sampling);
    const map = this.#mapFor(plan, group);
    this.#loadWeights(map, group, format);
    for (const [p, part] of group.parts.entries())
      this.#kernel.floats(map.time + p * TIME_STRIDE, TIME_FEATURES).set(timeFeatures(part, frame));
    for (let strip = 0; strip * plan.stripRows < viewport.height; strip++) {
      const top = strip * plan.stripRows;
      const rows = Math.min(plan.stripRows, viewport.height - top);
      this.#kernel.bytes(map.sums, 3 * map.plane).fill(0);
      for (const grid of map.grids) this.#addStrip({ map, plan, grid, group, frame, strip });
      const { factorX, factorY } = plan;
      if (factorX * factorY > 1)
        this.#kernel.exports.reduce(map.sums, map.stride, map.plane, viewport.width, rows, factorX, factorY);
      finish(map, top, rows);
    }
  }

  /** Adds the samples of one grid in one strip to the sums. */
  #addStrip({ map, plan, grid, group, frame, strip }: GridStrip): void {
    const { exports } = this.#kernel;
    const { encoderWidth, frequencies, hiddenLayers, columns } = this.#network;
    for (const rows of grid.strips[strip]) {
      for (const column of grid.columns) {
        const index = rows.tile * columns + column.tile;
        const part = group.partOf[index];
        const tile = group.parts[part].part.tiles[group.tileIn[index]];
        const weights = this.#partAddresses[part];
        const sum = map.sums + rows.first * map.stride + column.first * 4;
        if (tile.width === 0) {
          const color = weights + tile.head * 4 + 4;
          exports.fillTile(
            color,
            column.address,
            column.count,
            rows.address,
            rows.count,
            sum,
            map.stride,
            map.plane,
          );
          continue;
        }
        exports.sampleTile(
          encoderWidth > 0 ? map.encoder : weights + tile.first * 4,
          encoderWidth || tile.width,
          frequencies,
          weights + tile.dense * 4,
          encoderWidth > 0 ? hiddenLayers : hiddenLayers - 1,
          tile.width,
          column.address,
          column.count,
          tileDisplacement(group, index, frame, 0),
          plan.blurX,
          rows.address,
          rows.count,
          tileDisplacement(group, index, frame, 1),
          plan.blurY,
          map.time + part * TIME_STRIDE,
          map.scratch,
          sum,
          map.stride,
          map.plane,
        );
      }
    }
  }

  #planFor(viewport: Viewport, sampling?: Sampling): DecodePlan {
    if (
      this.#plan !== undefined &&
      this.#sampling === sampling &&
      sameViewport(this.#plan.viewport, viewport)
    )
      return this.#plan;
    if (sampling === undefined) checkViewport(viewport, this.#asset);
    this.#plan = planDecode(this.#network, this.#asset, viewport, sampling);
    this.#sampling = sampling;
    this.#map = undefined;
    return this.#plan;
  }

  #mapFor(plan: DecodePlan, group: KernelGroup): MemoryMap {
    const widths = group.parts.flatMap(({ part }) => part.tiles.map(({ width }) => width));
    const maxWidth = Math.max(this.#network.encoderWidth, ...new Set(widths));
    const wordCount = group.parts.reduce((sum, { part }) => sum + part.words.length, 0);
    if (this.#map === undefined || wordCount > this.#wordCapacity || maxWidth > this.#maxWidth) {
      this.#wordCapacity = Math.max(this.#wordCapacity, wordCount);
      this.#maxWidth = Math.max(this.#maxWidth, maxWidth);
      this.#map = createMemoryMap(this.#kernel, plan, {
        frequencies: this.#network.frequencies,
        encoderFloats: this.#encoder.length,
        weightWords: this.#wordCapacity,
        maxWidth: this.#maxWidth,
      });
      this.#kernel.floats(this.#map.encoder, this.#encoder.length).set(this.#encoder);
      this.#loaded = undefined;
    }
    return this.#map;
  }

  /** Copies the weights of a group into the kernel's memory, unless they are already loaded. */
  #loadWeights(map: MemoryMap, group: KernelGroup, format: PixelFormat): void {
    if (this.#loaded?.group === group && this.#loaded.format === format) return;
    let address = map.weights;
    this.#partAddresses = group.parts.map(({ part }) => {
      const start = address;
      const words = this.#kernel.words(start, part.words.length);
      words.set(part.words);
      foldHeads(part, format, words);
      address += part.words.length * 4;
      return start;
    });
    this.#loaded = { group, format };
  }
}
