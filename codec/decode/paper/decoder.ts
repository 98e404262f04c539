import type { PaperModel } from "../../asset/model.js";
import { Kernel } from "../../kernel/kernel.js";
import { CHANNELS } from "../../network/definition.js";
import type { OnnxRuntime, OnnxSession, OnnxTensor } from "../../onnx/runtime.js";
import { type FoldedLayer, foldLayer, layerFeeds, openSession } from "../../onnx/session.js";
import { readPaperGroup } from "../../paper/payload.js";
import { dequantizePaper, dequantizePaperEncoder, headOutputs } from "../../paper/weights.js";
import type { PixelFormat, YuvTarget } from "../color.js";
import { type ExpectedFrames, framesToCompute } from "../expected-frames.js";
import { finishStrip, type Strip } from "../output-strip.js";
import { chooseSampling, type Sampling } from "../sampling.js";
import {
  checkEven,
  checkFrame,
  checkLength,
  checkViewport,
  type DecoderMetadata,
  expectedGroup,
  sameViewport,
  type Viewport,
} from "../viewport.js";
import { foldFrameHeads, type PaperGroup } from "./fold.js";
import { paperDecodingModel } from "./model.js";
import { addSamples, coordinates, type SampleAxis, sampleAxis } from "./patches.js";

/** The parts of a paper asset that a decoder needs. */
export type PaperDecoderAsset = DecoderMetadata & PaperModel;

/** Default size in bytes of the decoded frames that a decoder keeps. */
const DEFAULT_WINDOW_BYTES = 64 * 1024 * 1024;
/** Maximum activations per layer and batch: large enough for matrix products, small enough for caches. */
const BATCH_FLOATS = 1 << 20;
/** Maximum outputs and sums of the frames that are computed together: 64 MiB each. */
const WINDOW_FLOATS = 1 << 24;

/** Consecutive frames of one group that are computed together. */
interface FrameRange {
  readonly group: PaperGroup;
  readonly viewport: Viewport;
  readonly format: PixelFormat;
  readonly first: number;
  readonly count: number;
}

/** A range of frames that are being computed, or have been. */
interface FrameWindow extends FrameRange {
  readonly frames: Promise<readonly Uint8Array[]>;
}

/** How a viewport is split into strips of output rows, and strips into batches of sample rows. */
interface StripPlan {
  readonly viewport: Viewport;
  readonly sampling: Sampling;
  /** Samples per row. */
  readonly sampleColumns: number;
  /** Source pixels between samples. */
  readonly stepX: number;
  readonly stepY: number;
  /** Output rows per strip; even. */
  readonly stripRows: number;
  /** Rows of samples per run of the graph. */
  readonly batchRows: number;
}

/**
 * Decodes frames of one asset of the paper profile on an ONNX runtime. The hidden features cost far more than a
 * head and are the same for all frames of a group. They are therefore computed once per group and viewport, strip
 * by strip, and every strip goes through the heads of all frames. The decoded frames are kept until another group or
 * viewport is requested. Frames that do not fit in `windowBytes` are computed later, when they are requested. Below
 * the source size, a pixel is the mean of several samples, as in the tile profile.
 */
export class PaperDecoder {
  readonly #asset: PaperDecoderAsset;
  readonly #ort: OnnxRuntime;
  readonly #session: OnnxSession;
  readonly #kernel: Kernel;
  readonly #encoder: readonly FoldedLayer[];
  readonly #windowBytes: number;
  #expected: ExpectedFrames = { count: Number.POSITIVE_INFINITY };
  #window: FrameWindow | undefined;

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
    this.#encoder = dequantizePaperEncoder(asset.encoder).map(({ weights, bias }) =>
      foldLayer(asset.network.omega, weights, bias),
    );
    this.#windowBytes = windowBytes;
  }

  /**
   * Creates a decoder.
   * @param options.threads threads of the runtime; default: the runtime's choice
   * @param options.windowBytes bytes of decoded frames to keep; default 64 MiB
   */
  static async create(
    asset: PaperDecoderAsset,
    ort: OnnxRuntime,
    options: { readonly threads?: number; readonly windowBytes?: number } = {},
  ): Promise<PaperDecoder> {
    const session = await openSession(ort, paperDecodingModel(asset.network), options.threads);
    return new PaperDecoder(
      asset,
      ort,
      session,
      await Kernel.create(),
      options.windowBytes ?? DEFAULT_WINDOW_BYTES,
    );
  }

  /** Implements `FrameDecoder.loadGroup`. */
  loadGroup(index: number, payload: Uint8Array): PaperGroup {
    const { network } = this.#asset;
    const expected = expectedGroup(this.#asset.groups, index);
    const decoders = dequantizePaper(network, readPaperGroup(network, expected, payload));
    const hidden = decoders.hidden.map(({ weights, bias }) => foldLayer(network.omega, weights, bias));
    return { index, frameCount: expected.frameCount, hidden, weights: { ...decoders, hidden: [] } };
  }

  /** Implements `FrameDecoder.expect`. */
  expect(frames: ExpectedFrames): void {
    this.#expected = frames;
  }

  /** Implements `FrameDecoder.decodeI420`. `frame` must be an integer within the group. */
  async decodeI420(
    group: PaperGroup,
    frame: number,
    { viewport, matrix }: YuvTarget,
    out: Uint8Array,
  ): Promise<void> {
    checkEven(viewport);
    checkLength(out, (viewport.width * viewport.height * 3) / 2);
    out.set(await this.#getFrame(group, frame, viewport, matrix));
  }

  /** Implements `FrameDecoder.decodeRgba`. `frame` must be an integer within the group. */
  async decodeRgba(
    group: PaperGroup,
    frame: number,
    viewport: Viewport,
    out: Uint8Array | Uint8ClampedArray,
  ): Promise<void> {
    checkLength(out, viewport.width * viewport.height * 4);
    out.set(await this.#getFrame(group, frame, viewport, "rgba"));
  }

  async #getFrame(
    group: PaperGroup,
    frame: number,
    viewport: Viewport,
    format: PixelFormat,
  ): Promise<Uint8Array> {
    checkFrame(frame, group.frameCount);
    let window = this.#window;
    const hit =
      window !== undefined &&
      window.group === group &&
      window.format === format &&
      sameViewport(window.viewport, viewport) &&
      frame >= window.first &&
      frame < window.first + window.count;
    if (window === undefined || !hit) {
      checkViewport(viewport, this.#asset);
      const capacity = Math.min(
        this.#windowFrames(viewport, format),
        framesToCompute(this.#expected.count, group.frameCount),
      );
      const first = capacity >= group.frameCount ? 0 : frame;
      const count = Math.min(capacity, group.frameCount - first);
      // Lets the frames of the previous window be collected while the next ones are computed.
      this.#window = undefined;
      const range = { group, viewport, format, first, count };
      window = { ...range, frames: this.#computeFrames(range) };
      this.#window = window;
    }
    try {
      return (await window.frames)[frame - window.first];
    } catch (cause) {
      if (this.#window === window) this.#window = undefined;
      throw cause;
    }
  }

  /** Returns how many frames can be computed together. */
  #windowFrames(viewport: Viewport, format: PixelFormat): number {
    const { patch } = this.#asset.network;
    const { factorX, factorY } = chooseSampling(viewport);
    // A batch has three rows of patches, or less. A strip has at least two rows of output.
    const outputs = 3 * headOutputs(this.#asset.network) * Math.ceil(viewport.region.width / patch + 2);
    const sums = 2 * CHANNELS * factorY * viewport.width * factorX;
    const byMemory = WINDOW_FLOATS / (patch === 1 ? sums : Math.max(sums, outputs));
    return Math.max(1, Math.floor(Math.min(this.#windowBytes / frameBytes(viewport, format), byMemory)));
  }

  async #computeFrames({ group, viewport, format, first, count }: FrameRange): Promise<Uint8Array[]> {
    const heads = foldFrameHeads(group, format, first, count);
    const feeds = this.#weightFeeds([...this.#encoder, ...group.hidden], heads);
    const frames = Array.from({ length: count }, () => new Uint8Array(frameBytes(viewport, format)));
    const plan = this.#planStrips(viewport, heads.bias.length);
    const { sampling, stripRows } = plan;
    for (let top = 0; top < viewport.height; top += stripRows) {
      const strip = { top, rows: Math.min(stripRows, viewport.height - top) };
      const sums = await this.#sumStrip(plan, strip, feeds, count);
      const frameLength = sums.length / count;
      frames.forEach((frame, index) => {
        const samples = sums.subarray(index * frameLength, (index + 1) * frameLength);
        finishStrip(this.#kernel, { samples, viewport, sampling, format, strip }, frame);
      });
    }
    return frames;
  }

  /** Plans strips and batches. `outputs` is the total number of outputs of the heads of all frames. */
  #planStrips(viewport: Viewport, outputs: number): StripPlan {
    const { width, height, region } = viewport;
    const { width: neurons, patch } = this.#asset.network;
    const sampling = chooseSampling(viewport);
    const sampleColumns = width * sampling.factorX;
    const stepX = region.width / sampleColumns;
    const stepY = region.height / (height * sampling.factorY);
    const grid = { viewport, sampling, sampleColumns, stepX, stepY };
    // Batches end at patch borders if possible: a patch that lies in two batches is evaluated twice.
    const maxOutputs = patch === 1 ? neurons : Math.max(neurons, outputs);
    const evaluationRows = Math.floor(
      BATCH_FLOATS / maxOutputs / this.#columnAxis(grid, 0).evaluations.length,
    );
    const rowGranularity = patch === 1 ? 1 : Math.max(1, Math.round((2 * patch) / stepY));
    const targetRows = patch === 1 ? evaluationRows : (evaluationRows * patch) / stepY;
    const batchRows = Math.max(1, Math.floor(targetRows / rowGranularity)) * rowGranularity;
    const outputRows = Math.floor(batchRows / sampling.factorY / 2) * 2;
    const stripRows = Math.max(2, Math.min(outputRows, height + (height % 2)));
    return { ...grid, batchRows, stripRows };
  }

  #columnAxis(
    { viewport, sampleColumns, stepX }: Pick<StripPlan, "viewport" | "sampleColumns" | "stepX">,
    offset: number,
  ): SampleAxis {
    const { width } = this.#asset;
    const axis = { start: viewport.region.x, step: stepX };
    return sampleAxis(samplePositions(axis, offset, 0, sampleColumns), this.#asset.network.patch, width);
  }

  #rowAxis({ viewport, stepY }: StripPlan, offset: number, first: number, count: number): SampleAxis {
    const { height } = this.#asset;
    const axis = { start: viewport.region.y, step: stepY };
    return sampleAxis(samplePositions(axis, offset, first, count), this.#asset.network.patch, height);
  }

  /** Computes the sums of a strip for all frames, [frames x 3, samples]. */
  async #sumStrip(
    plan: StripPlan,
    { top, rows }: Strip,
    feeds: Record<string, OnnxTensor>,
    frames: number,
  ): Promise<Float32Array> {
    const { sampling, sampleColumns, batchRows } = plan;
    const { patch } = this.#asset.network;
    const sums = new Float32Array(frames * CHANNELS * rows * sampling.factorY * sampleColumns);
    const weight = 1 / sampling.offsets.length;
    const start = top * sampling.factorY;
    const end = (top + rows) * sampling.factorY;
    for (let first = start; first < end; first += batchRows) {
      const count = Math.min(batchRows, end - first);
      for (const [offsetX, offsetY] of sampling.offsets) {
        const columns = this.#columnAxis(plan, offsetX);
        const grid = { patch, rows: this.#rowAxis(plan, offsetY, first, count), columns };
        const points = coordinates(this.#asset, grid);
        const position = this.#tensor(points, [2, points.length / 2]);
        this.#expected.check?.();
        const { samples } = await this.#session.run({ ...feeds, position });
        const at = (first - start) * sampleColumns;
        addSamples({ sums, at, frames, weight }, samples.data as Float32Array, grid);
      }
    }
    return sums;
  }

  #tensor(values: Float32Array, shape: readonly number[]): OnnxTensor {
    return new this.#ort.Tensor("float32", values, shape);
  }

  #weightFeeds(layers: readonly FoldedLayer[], heads: FoldedLayer): Record<string, OnnxTensor> {
    const feeds = layerFeeds(this.#ort, "heads", "head_bias", heads);
    layers.forEach((layer, l) => {
      Object.assign(feeds, layerFeeds(this.#ort, `weights${l}`, `bias${l}`, layer));
    });
    return feeds;
  }
}

/** Returns the positions of samples `first` to `first + count - 1` along an axis, in source pixels. */
function samplePositions(
  { start, step }: { readonly start: number; readonly step: number },
  offset: number,
  first: number,
  count: number,
): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => start + (first + i + 0.5 + offset) * step);
}

const frameBytes = ({ width, height }: Viewport, format: PixelFormat): number =>
  width * height * (format === "rgba" ? 4 : 1.5);
