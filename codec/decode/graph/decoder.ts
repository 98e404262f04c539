import { readGroup } from "../../group/payload.js";
import { dequantize } from "../../group/quantize.js";
import { Kernel } from "../../kernel/kernel.js";
import { CHANNELS } from "../../network/definition.js";
import type { FoldedLayer } from "../../onnx/layer.js";
import type { OnnxRuntime, OnnxSession } from "../../onnx/runtime.js";
import { layerFeeds, openSession } from "../../onnx/session.js";
import type { PixelFormat, YuvMatrix } from "../color.js";
import { type DecodePlan, planDecode, type Span } from "../decode-plan.js";
import { displacement } from "../displacement.js";
import { foldEncoder } from "../fold.js";
import type { TileDecoderAsset } from "../kernel-decoder.js";
import { finishStrip } from "../output-strip.js";
import {
  checkEven,
  checkFramePosition,
  checkRequest,
  expectLength,
  groupEntry,
  sameRequest,
  type Viewport,
} from "../viewport.js";
import { type AxisPart, axisPart, splitFirstLayer } from "./axis.js";
import { foldGraphGroup, foldGraphHeads, type GraphTile, type TileGraphGroup } from "./fold.js";
import { tileDecodingModel } from "./model.js";

/** One tile's samples within a strip, and where they are added. */
interface TileJob {
  readonly index: number;
  readonly tile: GraphTile;
  readonly head: FoldedLayer;
  readonly columns: Span;
  /** `first` counts from the strip's first row. */
  readonly rows: Span;
  /** Of the pass in the mean. */
  readonly share: number;
}

/**
 * Decodes frames of one asset of the tile profile on an ONNX runtime, in 32-bit floats: the same samples as
 * PictureDecoder's, several times slower. It is there to check one engine by the other.
 */
export class TileGraphDecoder {
  readonly #asset: TileDecoderAsset;
  readonly #ort: OnnxRuntime;
  readonly #session: OnnxSession;
  readonly #kernel: Kernel;
  readonly #encoder: Float32Array;
  #plan: DecodePlan | undefined;
  #active: { group: TileGraphGroup; format: PixelFormat; heads: readonly FoldedLayer[] } | undefined;

  private constructor(asset: TileDecoderAsset, ort: OnnxRuntime, session: OnnxSession, kernel: Kernel) {
    this.#asset = asset;
    this.#ort = ort;
    this.#session = session;
    this.#kernel = kernel;
    this.#encoder = foldEncoder(asset.network, asset.encoder);
  }

  /** `threads`: of the runtime; default 1, for the products of one tile are too small to be shared. */
  static async create(
    asset: TileDecoderAsset,
    ort: OnnxRuntime,
    { threads = 1 }: { readonly threads?: number } = {},
  ): Promise<TileGraphDecoder> {
    const { encoderWidth, hiddenLayers } = asset.network;
    const model = tileDecodingModel(encoderWidth > 0 ? hiddenLayers : hiddenLayers - 1);
    return new TileGraphDecoder(asset, ort, await openSession(ort, model, threads), await Kernel.create());
  }

  /** Parses the payload of group `index` (`asset.readGroup`). Throws SieddError `corrupt-group`. */
  loadGroup(index: number, payload: Uint8Array): TileGraphGroup {
    const { network, groups } = this.#asset;
    const { frameCount } = groupEntry(groups, index);
    return foldGraphGroup(network, index, dequantize(readGroup(network, index, frameCount, payload)));
  }

  /** As PictureDecoder's. Rejects with `bad-request`. */
  async decodeI420(
    group: TileGraphGroup,
    frame: number,
    request: Viewport,
    matrix: YuvMatrix,
    out: Uint8Array,
  ): Promise<void> {
    checkEven(request);
    expectLength(out, (request.width * request.height * 3) / 2);
    await this.#decode(group, frame, request, matrix, out);
  }

  /** As PictureDecoder's. Rejects with `bad-request`. */
  async decodeRgba(
    group: TileGraphGroup,
    frame: number,
    request: Viewport,
    out: Uint8Array | Uint8ClampedArray,
  ): Promise<void> {
    expectLength(out, request.width * request.height * 4);
    await this.#decode(group, frame, request, "rgba", out);
  }

  async #decode(
    group: TileGraphGroup,
    frame: number,
    request: Viewport,
    format: PixelFormat,
    out: Uint8Array | Uint8ClampedArray,
  ): Promise<void> {
    checkFramePosition(frame, group.frameCount);
    const plan = this.#planFor(request);
    const heads = this.#headsFor(group, format);
    const across = request.width * plan.factorX;
    for (let top = 0; top < request.height; top += plan.stripRows) {
      const rows = Math.min(plan.stripRows, request.height - top);
      const sums = new Float32Array(CHANNELS * rows * plan.factorY * across);
      for (const job of this.#jobs(plan, group, heads, top * plan.factorY, rows * plan.factorY)) {
        const samples = job.tile.width === 0 ? undefined : await this.#sample(job, plan, group, frame);
        accumulate(sums, across, job, samples);
      }
      finishStrip(this.#kernel, sums, request, plan, format, { top, rows }, out);
    }
  }

  /** The tiles of a strip that begins at row `top` of the samples and has `rows`. */
  *#jobs(
    plan: DecodePlan,
    group: TileGraphGroup,
    heads: readonly FoldedLayer[],
    top: number,
    rows: number,
  ): Generator<TileJob> {
    const share = 1 / plan.passes.length;
    for (const pass of plan.passes) {
      for (const span of pass.rows) {
        const from = Math.max(0, top - span.first);
        const to = Math.min(span.positions.length, top + rows - span.first);
        if (to <= from) continue;
        const part: Span = {
          tile: span.tile,
          first: span.first + from - top,
          positions: span.positions.subarray(from, to),
          fades: span.fades.subarray(from, to),
        };
        for (const columns of pass.columns) {
          const index = span.tile * this.#asset.network.columns + columns.tile;
          yield { index, tile: group.tiles[index], head: heads[index], columns, rows: part, share };
        }
      }
    }
  }

  /** -> [3, rows x columns], 0 .. 255. */
  async #sample(
    { index, tile, head, columns, rows }: TileJob,
    { blurX, blurY }: DecodePlan,
    group: TileGraphGroup,
    frame: number,
  ): Promise<Float32Array> {
    const { network } = this.#asset;
    const outputs = tile.first === undefined ? network.encoderWidth : tile.width;
    const t = (2 * frame + 1) / group.frameCount - 1;
    const { x, y, offset } = splitFirstLayer(network, tile.first ?? this.#encoder, outputs, t);
    const shift = (axis: number) => displacement(group, index, frame, axis);
    const across = axisPart(x, undefined, outputs, {
      positions: columns.positions,
      shift: shift(0),
      blur: blurX,
    });
    const down = axisPart(y, offset, outputs, { positions: rows.positions, shift: shift(1), blur: blurY });
    const feeds = layerFeeds(this.#ort, "head", "head_bias", head);
    const give = (axis: string, { sine, cosine }: AxisPart, sides: readonly number[]) => {
      feeds[`${axis}_sine`] = new this.#ort.Tensor("float32", sine, sides);
      feeds[`${axis}_cosine`] = new this.#ort.Tensor("float32", cosine, sides);
    };
    give("column", across, [outputs, 1, columns.positions.length]);
    give("row", down, [outputs, rows.positions.length, 1]);
    tile.dense.forEach((layer, l) => {
      Object.assign(feeds, layerFeeds(this.#ort, `weights${l}`, `bias${l}`, layer));
    });
    const { samples } = await this.#session.run(feeds);
    return samples.data as Float32Array;
  }

  #planFor(request: Viewport): DecodePlan {
    if (this.#plan !== undefined && sameRequest(this.#plan.request, request)) return this.#plan;
    checkRequest(request, this.#asset);
    this.#plan = planDecode(this.#asset.network, this.#asset, request);
    return this.#plan;
  }

  #headsFor(group: TileGraphGroup, format: PixelFormat): readonly FoldedLayer[] {
    if (this.#active?.group !== group || this.#active.format !== format) {
      this.#active = { group, format, heads: foldGraphHeads(group, format) };
    }
    return this.#active.heads;
  }
}

/** Cross-fades a tile into the sums [3, rows, across] of a strip; without samples it is one color, its head's bias. */
function accumulate(
  sums: Float32Array,
  across: number,
  { head, columns, rows, share }: TileJob,
  samples: Float32Array | undefined,
): void {
  const width = columns.positions.length;
  const height = rows.positions.length;
  const plane = sums.length / CHANNELS;
  for (let c = 0; c < CHANNELS; c++) {
    for (let row = 0; row < height; row++) {
      const to = c * plane + (rows.first + row) * across + columns.first;
      const from = (c * height + row) * width;
      const fade = rows.fades[row] * share;
      for (let i = 0; i < width; i++) {
        sums[to + i] += fade * columns.fades[i] * (samples === undefined ? head.bias[c] : samples[from + i]);
      }
    }
  }
}
