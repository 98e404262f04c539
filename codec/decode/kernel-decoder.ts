import type { AssetFacts } from "../asset/asset.js";
import type { TileModel } from "../asset/model.js";
import { readGroup } from "../group/payload.js";
import { dequantize } from "../group/quantize.js";
import { Kernel } from "../kernel/kernel.js";
import type { TileNetwork } from "../network/definition.js";
import type { PixelFormat, YuvMatrix } from "./color.js";
import { type DecodePlan, planDecode } from "./decode-plan.js";
import { displacement } from "./displacement.js";
import { type FoldedGroup, foldEncoder, foldGroup, foldHeads } from "./fold.js";
import { type MemoryMap, type PlacedPass, placePlan } from "./memory-map.js";
import { type ProgressiveFrame, progressively } from "./progressive.js";
import { type Sampling, sampleOnce } from "./sampling.js";
import {
  checkEven,
  checkFramePosition,
  checkRequest,
  expectLength,
  groupEntry,
  sameRequest,
  type Viewport,
} from "./viewport.js";

/** Rounds the sums of output rows `top` to `top + rows - 1`. */
type FinishStrip = (map: MemoryMap, top: number, rows: number) => void;

/** A group ready to be decoded at any size; plain memory, kept as long as the caller likes. */
export type LoadedGroup = FoldedGroup;

/** What a decoder must know of an asset of any profile. */
export type DecoderFacts = Pick<AssetFacts, "width" | "height" | "groups">;
/** What PictureDecoder must know of a tile asset. */
export type TileDecoderAsset = DecoderFacts & TileModel;

/**
 * Decodes frames of one asset of the tile profile, any region at any size: synchronous, one instance a thread. Work is
 * proportional to the pixels asked for, and only the tiles that the region touches are computed.
 */
export class KernelDecoder {
  readonly #asset: TileDecoderAsset;
  readonly #network: TileNetwork;
  readonly #kernel: Kernel;
  readonly #encoder: Float32Array;
  #plan: DecodePlan | undefined;
  #sampling: Sampling | undefined;
  #map: MemoryMap | undefined;
  #room = 0;
  #widest = 0;
  #draft: { readonly request: Viewport; readonly sampling: Sampling } | undefined;
  #active: { group: LoadedGroup; format: PixelFormat } | undefined;

  private constructor(asset: TileDecoderAsset, kernel: Kernel) {
    this.#asset = asset;
    this.#network = asset.network;
    this.#kernel = kernel;
    this.#encoder = foldEncoder(asset.network, asset.encoder);
  }

  /** `relaxedSimd`: which build of the kernel, both give the same bytes. Default: the faster one that runs. */
  static async create(
    asset: TileDecoderAsset,
    options: { relaxedSimd?: boolean } = {},
  ): Promise<KernelDecoder> {
    return new KernelDecoder(asset, await Kernel.create(options.relaxedSimd));
  }

  /** Parses the payload of group `index` (`asset.readGroup`). Throws SieddError `corrupt-group`. */
  loadGroup(index: number, payload: Uint8Array): LoadedGroup {
    const { frameCount } = groupEntry(this.#asset.groups, index);
    return foldGroup(this.#network, index, dequantize(readGroup(this.#network, index, frameCount, payload)));
  }

  /**
   * Frame `frame` of the group (from 0) as planar 4:2:0: `out` takes width x height x 3 / 2 bytes, planes
   * Y', Cb, Cr, limited range. A frame may lie between two others, or up to one frame outside the group.
   * Throws `bad-request` for an odd size, a size or region out of bounds.
   */
  decodeI420(group: LoadedGroup, frame: number, request: Viewport, matrix: YuvMatrix, out: Uint8Array): void {
    const { width, height } = request;
    checkEven(request);
    const pixels = width * height;
    expectLength(out, (pixels * 3) / 2);
    this.#decode(group, frame, request, matrix, (map, top, rows) => {
      const luma = map.output;
      const blue = luma + rows * width + 16;
      const red = blue + (rows * width) / 4 + 16;
      this.#kernel.exports.finishI420(map.sums, map.stride, map.plane, width, rows, luma, blue, red);
      const quarter = (rows * width) / 4;
      out.set(this.#kernel.bytes(luma, rows * width), top * width);
      out.set(this.#kernel.bytes(blue, quarter), pixels + (top * width) / 4);
      out.set(this.#kernel.bytes(red, quarter), (pixels * 5) / 4 + (top * width) / 4);
    });
  }

  /** Frame `frame` of the group as R'G'B' and opaque alpha, full range: `out` takes width x height x 4 bytes. */
  decodeRgba(
    group: LoadedGroup,
    frame: number,
    request: Viewport,
    out: Uint8Array | Uint8ClampedArray,
  ): void {
    expectLength(out, request.width * request.height * 4);
    this.#decodeRgba(group, frame, request, out);
  }

  /** The same with one sample a pixel: where there is no time for the mean of several. */
  draftRgba(group: LoadedGroup, frame: number, request: Viewport, out: Uint8Array | Uint8ClampedArray): void {
    expectLength(out, request.width * request.height * 4);
    checkRequest(request, this.#asset);
    // A plan is kept for a sampling that is the same object.
    if (this.#draft === undefined || !sameRequest(this.#draft.request, request))
      this.#draft = { request, sampling: sampleOnce(request) };
    this.#decodeRgba(group, frame, request, out, this.#draft.sampling);
  }

  /**
   * The same in two steps: first every second pixel of every second row, a picture of a quarter of the pixels
   * after a quarter of the time, then all. No pixel is computed twice, unless the picture is smaller than its
   * region: then pixels are means of several samples, and the first picture has samples of its own.
   */
  *decodeProgressively(
    group: LoadedGroup,
    frame: number,
    request: Viewport,
  ): Generator<ProgressiveFrame, void, undefined> {
    checkRequest(request, this.#asset);
    yield* progressively(request, (part, sampling) => {
      const out = new Uint8Array(part.width * part.height * 4);
      this.#decodeRgba(group, frame, part, out, sampling);
      return out;
    });
  }

  #decodeRgba(
    group: LoadedGroup,
    frame: number,
    request: Viewport,
    out: Uint8Array | Uint8ClampedArray,
    sampling?: Sampling,
  ): void {
    const { width } = request;
    const finish: FinishStrip = (map, top, rows) => {
      this.#kernel.exports.finishRgba(map.sums, map.stride, map.plane, width, rows, map.output);
      out.set(this.#kernel.bytes(map.output, rows * width * 4), top * width * 4);
    };
    this.#decode(group, frame, request, "rgba", finish, sampling);
  }

  #decode(
    group: LoadedGroup,
    frame: number,
    request: Viewport,
    format: PixelFormat,
    finish: FinishStrip,
    sampling?: Sampling,
  ): void {
    checkFramePosition(frame, group.frameCount);
    const plan = this.#planFor(request, sampling);
    const map = this.#place(plan, group);
    this.#activate(map, group, format);
    const t = (2 * frame + 1) / group.frameCount - 1;
    this.#kernel.floats(map.time, 3).set([t, Math.sin((Math.PI * t) / 2), Math.cos((Math.PI * t) / 2)]);
    for (let strip = 0; strip * plan.stripRows < request.height; strip++) {
      const top = strip * plan.stripRows;
      const rows = Math.min(plan.stripRows, request.height - top);
      this.#kernel.bytes(map.sums, 3 * map.plane).fill(0);
      for (const pass of map.passes) this.#addPass(map, plan, pass, group, frame, strip);
      const { factorX, factorY } = plan;
      if (factorX * factorY > 1)
        this.#kernel.exports.reduce(map.sums, map.stride, map.plane, request.width, rows, factorX, factorY);
      finish(map, top, rows);
    }
  }

  #addPass(
    map: MemoryMap,
    plan: DecodePlan,
    pass: PlacedPass,
    group: LoadedGroup,
    frame: number,
    strip: number,
  ): void {
    const { exports } = this.#kernel;
    const { encoderWidth, frequencies, hiddenLayers, columns } = this.#network;
    for (const rows of pass.strips[strip]) {
      for (const column of pass.columns) {
        const index = rows.tile * columns + column.tile;
        const tile = group.tiles[index];
        const sum = map.sums + rows.first * map.stride + column.first * 4;
        if (tile.width === 0) {
          const color = map.weights + tile.head * 4 + 4;
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
          encoderWidth > 0 ? map.encoder : map.weights + tile.first * 4,
          encoderWidth || tile.width,
          frequencies,
          map.weights + tile.dense * 4,
          encoderWidth > 0 ? hiddenLayers : hiddenLayers - 1,
          tile.width,
          column.address,
          column.count,
          displacement(group, index, frame, 0),
          plan.blurX,
          rows.address,
          rows.count,
          displacement(group, index, frame, 1),
          plan.blurY,
          map.time,
          map.scratch,
          sum,
          map.stride,
          map.plane,
        );
      }
    }
  }

  /** Every request is checked but those with a sampling, which were derived from one that was. */
  #planFor(request: Viewport, sampling?: Sampling): DecodePlan {
    if (this.#plan !== undefined && this.#sampling === sampling && sameRequest(this.#plan.request, request))
      return this.#plan;
    if (sampling === undefined) checkRequest(request, this.#asset);
    this.#plan = planDecode(this.#network, this.#asset, request, sampling);
    this.#sampling = sampling;
    this.#map = undefined;
    return this.#plan;
  }

  #place(plan: DecodePlan, group: LoadedGroup): MemoryMap {
    const widest = Math.max(this.#network.encoderWidth, ...new Set(group.tiles.map((tile) => tile.width)));
    if (this.#map === undefined || group.words.length > this.#room || widest > this.#widest) {
      this.#room = Math.max(this.#room, group.words.length);
      this.#widest = Math.max(this.#widest, widest);
      this.#map = placePlan(
        this.#kernel,
        this.#network,
        plan,
        this.#encoder.length,
        this.#room,
        this.#widest,
      );
      this.#kernel.floats(this.#map.encoder, this.#encoder.length).set(this.#encoder);
      this.#active = undefined;
    }
    return this.#map;
  }

  #activate(map: MemoryMap, group: LoadedGroup, format: PixelFormat): void {
    if (this.#active?.group === group && this.#active.format === format) return;
    const words = this.#kernel.words(map.weights, group.words.length);
    words.set(group.words);
    foldHeads(group, format, words);
    this.#active = { group, format };
  }
}
