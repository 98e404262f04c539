import type { PaperModel } from "../asset/model.js";
import type { PixelFormat, YuvMatrix } from "../decode/color.js";
import type { DecoderFacts } from "../decode/kernel-decoder.js";
import { finishStrip } from "../decode/output-strip.js";
import { chooseSampling } from "../decode/sampling.js";
import {
  checkEven,
  checkFrame,
  checkRequest,
  expectLength,
  groupEntry,
  sameRequest,
  type Viewport,
} from "../decode/viewport.js";
import { Kernel } from "../kernel/kernel.js";
import { CHANNELS } from "../network/definition.js";
import { type FoldedLayer, foldLayer } from "../onnx/layer.js";
import type { OnnxRuntime, OnnxSession, OnnxTensor } from "../onnx/runtime.js";
import { layerFeeds, openSession } from "../onnx/session.js";
import { foldFrameHeads, type PaperGroup } from "./fold.js";
import { paperDecodingModel } from "./onnx-model.js";
import { addSamples, coordinates, sampleAxis } from "./patches.js";
import { readPaperGroup } from "./payload.js";
import { dequantizePaper, paperEncoderValues } from "./weights.js";

/** What PaperDecoder must know of a paper asset. */
export type PaperDecoderAsset = DecoderFacts & PaperModel;

/** Bytes of finished frames that a decoder keeps, by default. */
const WINDOW_BYTES = 64 * 1024 * 1024;
/** Activations of one layer in one strip: large enough for matrix products, small enough for caches. */
const STRIP_FLOATS = 1 << 20;

/** Frames of one group that were computed together. */
interface Window {
  readonly group: PaperGroup;
  readonly request: Viewport;
  readonly format: PixelFormat;
  readonly first: number;
  readonly count: number;
  readonly frames: Promise<readonly Uint8Array[]>;
}

/**
 * Decodes frames of one asset of the paper profile on an ONNX runtime. The hidden features cost far more than a
 * head and are the same for all frames of a group: they are computed once a group and request, strip by strip,
 * every strip goes through the heads of all frames, and the finished frames are kept until another group or
 * request is asked for. Below the source's size the samples are those of the tile profile, and their mean is taken.
 * Frames that do not fit into `windowBytes` are computed when their turn comes.
 */
export class PaperDecoder {
  readonly #asset: PaperDecoderAsset;
  readonly #ort: OnnxRuntime;
  readonly #session: OnnxSession;
  readonly #kernel: Kernel;
  readonly #encoder: readonly FoldedLayer[];
  readonly #windowBytes: number;
  #window: Window | undefined;

  private constructor(
    asset: PaperDecoderAsset,
    ort: OnnxRuntime,
    session: OnnxSession,
    kernel: Kernel,
    windowBytes: number,
  ) {
    this.#asset = asset;
    this.#ort = ort;
    this.#session = session;
    this.#kernel = kernel;
    this.#encoder = paperEncoderValues(asset.encoder).map(({ weights, bias }) =>
      foldLayer(asset.network.omega, weights, bias),
    );
    this.#windowBytes = windowBytes;
  }

  /** `threads`: of the runtime; default: its own choice. `windowBytes`: bytes of finished frames kept. */
  static async create(
    asset: PaperDecoderAsset,
    ort: OnnxRuntime,
    options: { readonly threads?: number; readonly windowBytes?: number } = {},
  ): Promise<PaperDecoder> {
    const session = await openSession(ort, paperDecodingModel(asset.network), options.threads);
    return new PaperDecoder(asset, ort, session, await Kernel.create(), options.windowBytes ?? WINDOW_BYTES);
  }

  /** Parses the payload of group `index` (`asset.readGroup`). Throws SieddError `corrupt-group`. */
  loadGroup(index: number, payload: Uint8Array): PaperGroup {
    const { network } = this.#asset;
    const { frameCount } = groupEntry(this.#asset.groups, index);
    const decoders = dequantizePaper(network, readPaperGroup(network, index, frameCount, payload));
    const hidden = decoders.hidden.map(({ weights, bias }) => foldLayer(network.omega, weights, bias));
    return { index, frameCount, hidden, decoders: { ...decoders, hidden: [] } };
  }

  /** As PictureDecoder's. Rejects with `bad-request`. */
  async decodeI420(
    group: PaperGroup,
    frame: number,
    request: Viewport,
    matrix: YuvMatrix,
    out: Uint8Array,
  ): Promise<void> {
    checkEven(request);
    expectLength(out, (request.width * request.height * 3) / 2);
    out.set(await this.#frame(group, frame, request, matrix));
  }

  /** As PictureDecoder's. Rejects with `bad-request`. */
  async decodeRgba(
    group: PaperGroup,
    frame: number,
    request: Viewport,
    out: Uint8Array | Uint8ClampedArray,
  ): Promise<void> {
    expectLength(out, request.width * request.height * 4);
    out.set(await this.#frame(group, frame, request, "rgba"));
  }

  async #frame(
    group: PaperGroup,
    frame: number,
    request: Viewport,
    format: PixelFormat,
  ): Promise<Uint8Array> {
    checkFrame(frame, group.frameCount);
    let window = this.#window;
    const fits =
      window !== undefined &&
      window.group === group &&
      window.format === format &&
      sameRequest(window.request, request) &&
      frame >= window.first &&
      frame < window.first + window.count;
    if (window === undefined || !fits) {
      checkRequest(request, this.#asset);
      const bytes = request.width * request.height * (format === "rgba" ? 4 : 1.5);
      const room = Math.max(1, Math.floor(this.#windowBytes / bytes));
      const first = room >= group.frameCount ? 0 : frame;
      const count = Math.min(room, group.frameCount - first);
      this.#window = undefined;
      const frames = this.#compute(group, request, format, first, count);
      window = { group, request, format, first, count, frames };
      this.#window = window;
    }
    try {
      return (await window.frames)[frame - window.first];
    } catch (cause) {
      if (this.#window === window) this.#window = undefined;
      throw cause;
    }
  }

  async #compute(
    group: PaperGroup,
    request: Viewport,
    format: PixelFormat,
    first: number,
    count: number,
  ): Promise<Uint8Array[]> {
    const { width, height, region } = request;
    const { width: neurons, patch } = this.#asset.network;
    const heads = foldFrameHeads(group, format, first, count);
    const feeds = this.#weightFeeds([...this.#encoder, ...group.hidden], heads);
    const bytes = width * height * (format === "rgba" ? 4 : 1.5);
    const frames = Array.from({ length: count }, () => new Uint8Array(bytes));
    const sampling = chooseSampling(request);
    const across = width * sampling.factorX;
    const down = height * sampling.factorY;
    const stepX = region.width / across;
    const stepY = region.height / down;
    const rowAxis = (offset: number, from: number, rows: number) =>
      sampleAxis(samplePositions(region.y, stepY, offset, from, rows), patch, this.#asset.height);
    const columnAxis = (offset: number) =>
      sampleAxis(samplePositions(region.x, stepX, offset, 0, across), patch, this.#asset.width);
    // Strips end where patches do, as far as that is possible: what a border cuts is evaluated on both sides.
    const widest = patch === 1 ? neurons : Math.max(neurons, heads.bias.length);
    const evaluationRows = Math.floor(STRIP_FLOATS / widest / columnAxis(0).evaluations.length);
    const unit = patch === 1 ? 1 : Math.max(1, Math.round((2 * patch) / stepY));
    const wanted = patch === 1 ? evaluationRows : (evaluationRows * patch) / stepY;
    const sampleRows = Math.max(1, Math.floor(wanted / unit)) * unit;
    const fitting = Math.floor(sampleRows / sampling.factorY / 2) * 2;
    const stripRows = Math.max(2, Math.min(fitting, height + (height % 2)));
    for (let top = 0; top < height; top += stripRows) {
      const rows = Math.min(stripRows, height - top);
      const sums = new Float32Array(count * CHANNELS * rows * sampling.factorY * across);
      const end = (top + rows) * sampling.factorY;
      for (let from = top * sampling.factorY; from < end; from += sampleRows) {
        const part = { first: from, count: Math.min(sampleRows, end - from) };
        for (const [offsetX, offsetY] of sampling.offsets) {
          const partRows = rowAxis(offsetY, part.first, part.count);
          const columns = columnAxis(offsetX);
          const points = coordinates(this.#asset, partRows, columns);
          const position = this.#tensor(points, [2, points.length / 2]);
          const { samples } = await this.#session.run({ ...feeds, position });
          const share = 1 / sampling.offsets.length;
          const at = (from - top * sampling.factorY) * across;
          const into = { sums, at, frames: count };
          addSamples(into, samples.data as Float32Array, share, patch, partRows, columns);
        }
      }
      const each = sums.length / count;
      frames.forEach((frame, f) => {
        const samples = sums.subarray(f * each, (f + 1) * each);
        finishStrip(this.#kernel, samples, request, sampling, format, { top, rows }, frame);
      });
    }
    return frames;
  }

  #tensor(values: Float32Array, sides: readonly number[]): OnnxTensor {
    return new this.#ort.Tensor("float32", values, sides);
  }

  #weightFeeds(layers: readonly FoldedLayer[], heads: FoldedLayer): Record<string, OnnxTensor> {
    const feeds = layerFeeds(this.#ort, "heads", "head_bias", heads);
    layers.forEach((layer, l) => {
      Object.assign(feeds, layerFeeds(this.#ort, `weights${l}`, `bias${l}`, layer));
    });
    return feeds;
  }
}

/** Positions of samples `first` to `first + count - 1` along an axis, in source pixels. */
function samplePositions(
  start: number,
  step: number,
  offset: number,
  first: number,
  count: number,
): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => start + (first + i + 0.5 + offset) * step);
}
