import { Kernel } from "../../kernel/kernel.js";
import { CHANNELS } from "../../network/definition.js";
import type { OnnxRuntime, OnnxSession } from "../../onnx/runtime.js";
import { type FoldedLayer, layerFeeds, openSession } from "../../onnx/session.js";
import type { PixelFormat, YuvTarget } from "../color.js";
import { type DecodePlan, planDecode, type Span } from "../decode-plan.js";
import { foldEncoder } from "../fold.js";
import { PartLoader, tileDisplacement, timeFeatures } from "../group-parts.js";
import type { TileDecoderAsset } from "../kernel-decoder.js";
import { finishStrip, type Strip } from "../output-strip.js";
import {
  checkEven,
  checkFramePosition,
  checkLength,
  checkViewport,
  sameViewport,
  type Viewport,
} from "../viewport.js";
import { type AxisPart, axisPart, splitFirstLayer } from "./axis.js";
import {
  foldGraphHeads,
  foldGraphPart,
  type GraphPart,
  type GraphTile,
  type TileGraphGroup,
} from "./fold.js";
import { tileDecodingModel } from "./model.js";

/** The samples of one tile within a strip. */
interface TileStrip {
  readonly index: number;
  readonly tile: GraphTile;
  readonly head: FoldedLayer;
  readonly columns: Span;
  /** `first` is relative to the first row of the strip. */
  readonly rows: Span;
  /** Weight of the grid in the mean of all grids. */
  readonly weight: number;
}

/**
 * Decodes frames of one asset of the tile profile on an ONNX runtime, in 32-bit floats. It computes the same
 * samples as KernelDecoder, several times slower, and serves to verify it.
 */
export class TileGraphDecoder {
  readonly #asset: TileDecoderAsset;
  readonly #ort: OnnxRuntime;
  readonly #session: OnnxSession;
  readonly #kernel: Kernel;
  readonly #encoder: Float32Array;
  readonly #parts: PartLoader<GraphPart>;
  #plan: DecodePlan | undefined;
  /** The heads of each part. */
  #folded: { group: TileGraphGroup; format: PixelFormat; heads: readonly FoldedLayer[][] } | undefined;

  private constructor(asset: TileDecoderAsset, ort: OnnxRuntime, session: OnnxSession, kernel: Kernel) {
    this.#asset = asset;
    this.#ort = ort;
    this.#session = session;
    this.#kernel = kernel;
    this.#encoder = foldEncoder(asset.network, asset.encoder);
    this.#parts = new PartLoader(asset, (part) => foldGraphPart(asset.network, part));
  }

  /**
   * Creates a decoder.
   * @param options.threads threads of the runtime; default 1, because the products of one tile are too small to
   *   split
   */
  static async create(
    asset: TileDecoderAsset,
    ort: OnnxRuntime,
    { threads = 1 }: { readonly threads?: number } = {},
  ): Promise<TileGraphDecoder> {
    const { encoderWidth, hiddenLayers } = asset.network;
    const model = tileDecodingModel(encoderWidth > 0 ? hiddenLayers : hiddenLayers - 1);
    return new TileGraphDecoder(asset, ort, await openSession(ort, model, threads), await Kernel.create());
  }

  /** Implements `FrameDecoder.loadGroup`. */
  loadGroup(index: number, payload: Uint8Array): TileGraphGroup {
    return this.#parts.load(index, payload);
  }

  /** Implements `FrameDecoder.decodeI420`. */
  async decodeI420(
    group: TileGraphGroup,
    frame: number,
    { viewport, matrix }: YuvTarget,
    out: Uint8Array,
  ): Promise<void> {
    checkEven(viewport);
    checkLength(out, (viewport.width * viewport.height * 3) / 2);
    await this.#decode({ group, frame, viewport }, matrix, out);
  }

  /** Implements `FrameDecoder.decodeRgba`. */
  async decodeRgba(
    group: TileGraphGroup,
    frame: number,
    viewport: Viewport,
    out: Uint8Array | Uint8ClampedArray,
  ): Promise<void> {
    checkLength(out, viewport.width * viewport.height * 4);
    await this.#decode({ group, frame, viewport }, "rgba", out);
  }

  async #decode(
    { group, frame, viewport }: { group: TileGraphGroup; frame: number; viewport: Viewport },
    format: PixelFormat,
    out: Uint8Array | Uint8ClampedArray,
  ): Promise<void> {
    checkFramePosition(frame, group.frameCount);
    const plan = this.#planFor(viewport);
    const heads = this.#headsFor(group, format);
    const sampleColumns = viewport.width * plan.factorX;
    for (let top = 0; top < viewport.height; top += plan.stripRows) {
      const rows = Math.min(plan.stripRows, viewport.height - top);
      const sums = new Float32Array(CHANNELS * rows * plan.factorY * sampleColumns);
      const sampleRows = { top: top * plan.factorY, rows: rows * plan.factorY };
      for (const part of this.#tileStrips(plan, group, heads, sampleRows)) {
        const samples = part.tile.width === 0 ? undefined : await this.#sample(part, plan, group, frame);
        accumulate(sums, sampleColumns, part, samples);
      }
      const strip = { top, rows };
      finishStrip(this.#kernel, { samples: sums, viewport, sampling: plan, format, strip }, out);
    }
  }

  /** Yields the part of each tile that lies in a strip. `top` and `rows` count rows of samples. */
  *#tileStrips(
    plan: DecodePlan,
    group: TileGraphGroup,
    heads: readonly (readonly FoldedLayer[])[],
    { top, rows }: Strip,
  ): Generator<TileStrip> {
    const weight = 1 / plan.grids.length;
    for (const grid of plan.grids) {
      for (const span of grid.rows) {
        const from = Math.max(0, top - span.first);
        const to = Math.min(span.positions.length, top + rows - span.first);
        if (to <= from) continue;
        const part: Span = {
          tile: span.tile,
          first: span.first + from - top,
          positions: span.positions.subarray(from, to),
          fades: span.fades.subarray(from, to),
        };
        for (const columns of grid.columns) {
          const index = span.tile * this.#asset.network.columns + columns.tile;
          const p = group.partOf[index];
          const at = group.tileIn[index];
          const tile = group.parts[p].part.tiles[at];
          yield { index, tile, head: heads[p][at], columns, rows: part, weight };
        }
      }
    }
  }

  /** Computes the samples of a tile within a strip, [3, rows x columns], 0 .. 255. */
  async #sample(
    { index, tile, head, columns, rows }: TileStrip,
    { blurX, blurY }: DecodePlan,
    group: TileGraphGroup,
    frame: number,
  ): Promise<Float32Array> {
    const { network } = this.#asset;
    const outputs = tile.first === undefined ? network.encoderWidth : tile.width;
    const time = timeFeatures(group.parts[group.partOf[index]], frame);
    const { x, y, offset } = splitFirstLayer(network, tile.first ?? this.#encoder, outputs, time);
    const shift = (axis: number) => tileDisplacement(group, index, frame, axis);
    const columnPart = axisPart(x, undefined, outputs, {
      positions: columns.positions,
      shift: shift(0),
      blur: blurX,
    });
    const rowPart = axisPart(y, offset, outputs, { positions: rows.positions, shift: shift(1), blur: blurY });
    const feeds = layerFeeds(this.#ort, "head", "head_bias", head);
    const addFeeds = (axis: string, { sine, cosine }: AxisPart, shape: readonly number[]) => {
      feeds[`${axis}_sine`] = new this.#ort.Tensor("float32", sine, shape);
      feeds[`${axis}_cosine`] = new this.#ort.Tensor("float32", cosine, shape);
    };
    addFeeds("column", columnPart, [outputs, 1, columns.positions.length]);
    addFeeds("row", rowPart, [outputs, rows.positions.length, 1]);
    tile.dense.forEach((layer, l) => {
      Object.assign(feeds, layerFeeds(this.#ort, `weights${l}`, `bias${l}`, layer));
    });
    const { samples } = await this.#session.run(feeds);
    return samples.data as Float32Array;
  }

  #planFor(viewport: Viewport): DecodePlan {
    if (this.#plan !== undefined && sameViewport(this.#plan.viewport, viewport)) return this.#plan;
    checkViewport(viewport, this.#asset);
    this.#plan = planDecode(this.#asset.network, this.#asset, viewport);
    return this.#plan;
  }

  #headsFor(group: TileGraphGroup, format: PixelFormat): readonly FoldedLayer[][] {
    if (this.#folded?.group !== group || this.#folded.format !== format) {
      const heads = group.parts.map(({ part }) => foldGraphHeads(part, format));
      this.#folded = { group, format, heads };
    }
    return this.#folded.heads;
  }
}

/**
 * Adds a tile, weighted by its cross-fade, to the sums [3, rows, sampleColumns] of a strip. A tile without samples
 * has a constant color, the bias of its head.
 */
function accumulate(
  sums: Float32Array,
  sampleColumns: number,
  { head, columns, rows, weight }: TileStrip,
  samples: Float32Array | undefined,
): void {
  const width = columns.positions.length;
  const height = rows.positions.length;
  const plane = sums.length / CHANNELS;
  for (let c = 0; c < CHANNELS; c++) {
    for (let row = 0; row < height; row++) {
      const to = c * plane + (rows.first + row) * sampleColumns + columns.first;
      const from = (c * height + row) * width;
      const fade = rows.fades[row] * weight;
      for (let i = 0; i < width; i++) {
        sums[to + i] += fade * columns.fades[i] * (samples === undefined ? head.bias[c] : samples[from + i]);
      }
    }
  }
}
