import {
  type OpenedGroup,
  PartLoader,
  tileDisplacement,
  timeFeatures,
} from "../../../codec/decode/group-parts.js";
import { chooseSampling, sampleOnce } from "../../../codec/decode/sampling.js";
import type { PartWeights } from "../../../codec/group/weights.js";
import type { TileDecoderAsset, Viewport } from "../../../codec/internal.js";
import { GROUP_SIDE, SHADER } from "./shader.js";
import { type FlatGroup, flattenGroup } from "./weights.js";

/** GPUBufferUsage and GPUMapMode (WebGPU, 5.1 and 5.2): TypeScript's DOM types declare no values for them. */
const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
const MAP_READ = 1;
/** Size of the shader's `Params` struct, in bytes. */
const PARAMS_BYTES = 7 * 16 + 3 * 16;
/** Size of the shader's `Tile` struct, in bytes. */
const TILE_BYTES = 28;

/** A group whose weights are on the GPU. */
export interface GpuGroup {
  readonly opened: OpenedGroup<PartWeights<Float32Array>>;
  /** By their index in the frame. */
  readonly tiles: FlatGroup["tiles"];
  readonly weights: GPUBuffer;
}

/** A frame to decode. */
export interface GpuJob {
  /** Index within the group. */
  readonly frame: number;
  readonly viewport: Viewport;
  /** Whether to take one sample per pixel. */
  readonly draft: boolean;
}

/** The buffers of one frame size. */
interface OutputBuffers {
  readonly bytes: number;
  /** Written by the shader. */
  readonly pixels: GPUBuffer;
  /** A copy that JavaScript can map. */
  readonly readback: GPUBuffer;
}

/** Decodes frames of a tile asset with a compute shader, one at a time. */
export class GpuDecoder {
  readonly #asset: TileDecoderAsset;
  readonly #device: GPUDevice;
  readonly #pipeline: GPUComputePipeline;
  readonly #params: GPUBuffer;
  readonly #tiles: GPUBuffer;
  readonly #parts: PartLoader<PartWeights<Float32Array>>;
  #output: OutputBuffers | null = null;

  private constructor(asset: TileDecoderAsset, device: GPUDevice, pipeline: GPUComputePipeline) {
    this.#asset = asset;
    this.#device = device;
    this.#pipeline = pipeline;
    this.#parts = new PartLoader(asset, (part) => part);
    const { rows, columns } = asset.network;
    this.#params = device.createBuffer({
      size: PARAMS_BYTES,
      usage: USAGE.uniform | USAGE.copyTarget,
    });
    this.#tiles = device.createBuffer({
      size: rows * columns * TILE_BYTES,
      usage: USAGE.storage | USAGE.copyTarget,
    });
  }

  /**
   * Creates a decoder, or returns null without a WebGPU adapter. A software adapter counts only with `allowSoftware`.
   *
   * @throws Error if the shader does not compile
   */
  static async create(asset: TileDecoderAsset, allowSoftware = false): Promise<GpuDecoder | null> {
    const gpu = (navigator as Partial<Navigator>).gpu;
    const adapter = await gpu?.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter || (!allowSoftware && adapter.info.isFallbackAdapter)) return null;
    const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
    const device = await adapter.requestDevice({
      requiredLimits: { maxStorageBufferBindingSize, maxBufferSize },
    });
    const module = device.createShaderModule({ code: SHADER });
    const { messages } = await module.getCompilationInfo();
    const error = messages.find(({ type }) => type === "error");
    if (error !== undefined)
      throw new Error(`the shader does not compile: line ${error.lineNum}: ${error.message}`);
    const pipeline = await device.createComputePipelineAsync({
      layout: "auto",
      compute: { module, entryPoint: "decode" },
    });
    return new GpuDecoder(asset, device, pipeline);
  }

  /**
   * Parses a group and uploads its weights.
   *
   * @throws SieddError `corrupt-group`
   */
  loadGroup(index: number, payload: Uint8Array): GpuGroup {
    const { network, encoder } = this.#asset;
    const opened = this.#parts.load(index, payload);
    const { weights: values, tiles } = flattenGroup(network, encoder, opened);
    const weights = this.#device.createBuffer({
      size: values.byteLength,
      usage: USAGE.storage | USAGE.copyTarget,
    });
    this.#device.queue.writeBuffer(weights, 0, values);
    return { opened, tiles, weights };
  }

  unloadGroup(group: GpuGroup): void {
    group.weights.destroy();
  }

  /**
   * Decodes a frame.
   *
   * @param out RGBA, opaque, width x height x 4 bytes
   * @throws Error if the GPU device is lost
   */
  async decodeRgba(group: GpuGroup, job: GpuJob, out: Uint8Array): Promise<void> {
    const { width, height } = job.viewport;
    const { pixels, readback, bytes } = this.#outputBuffers(width * height * 4);
    const { queue } = this.#device;
    queue.writeBuffer(this.#params, 0, this.#packParams(job));
    queue.writeBuffer(this.#tiles, 0, packTiles(group, job.frame));
    const buffers = [this.#params, group.weights, this.#tiles, pixels];
    const bindings = this.#device.createBindGroup({
      layout: this.#pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const commands = this.#device.createCommandEncoder();
    const pass = commands.beginComputePass();
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, bindings);
    pass.dispatchWorkgroups(Math.ceil(width / GROUP_SIDE), Math.ceil(height / GROUP_SIDE));
    pass.end();
    commands.copyBufferToBuffer(pixels, 0, readback, 0, bytes);
    queue.submit([commands.finish()]);
    await readback.mapAsync(MAP_READ);
    out.set(new Uint8Array(readback.getMappedRange()));
    readback.unmap();
  }

  destroy(): void {
    this.#device.destroy();
  }

  /** Returns the buffers for this many bytes, reusing those of the previous frame if the size is the same. */
  #outputBuffers(bytes: number): OutputBuffers {
    if (this.#output?.bytes === bytes) return this.#output;
    this.#output?.pixels.destroy();
    this.#output?.readback.destroy();
    const createBuffer = (usage: number) => this.#device.createBuffer({ size: bytes, usage });
    this.#output = {
      bytes,
      pixels: createBuffer(USAGE.storage | USAGE.copySource),
      readback: createBuffer(USAGE.mapRead | USAGE.copyTarget),
    };
    return this.#output;
  }

  /** Packs the shader's `Params` struct. */
  #packParams({ viewport, draft }: GpuJob): ArrayBuffer {
    const { network, width, height } = this.#asset;
    const { rows, columns, overlap, frequencies, encoderWidth, hiddenLayers } = network;
    const { factorX, factorY, offsets, ...blur } = draft ? sampleOnce(viewport) : chooseSampling(viewport);
    // In tile-local units: -1 to 1 across a tile.
    const [blurX, blurY] = [(2 * blur.blurX * columns) / width, (2 * blur.blurY * rows) / height];
    const { region } = viewport;
    const [sideX, sideY] = [width / columns, height / rows];
    const params = new ArrayBuffer(PARAMS_BYTES);
    const floats = new Float32Array(params);
    const integers = new Uint32Array(params);
    floats.set([region.x, region.y]);
    floats.set([region.width / (viewport.width * factorX), region.height / (viewport.height * factorY)], 2);
    floats.set([sideX, sideY, Math.min(overlap, sideX / 2), Math.min(overlap, sideY / 2)], 4);
    floats[8] = 1 / (factorX * factorY * offsets.length);
    floats.set([blurX, blurY], 12);
    integers.set([viewport.width, viewport.height, factorX, factorY], 16);
    integers.set([columns, rows, frequencies, hiddenLayers - (encoderWidth > 0 ? 0 : 1)], 20);
    integers.set([encoderWidth / 4, offsets.length], 24);
    for (const [i, [x, y]] of offsets.entries()) floats.set([x, y], 28 + 4 * i);
    return params;
  }
}

/** Packs the shader's array of `Tile` structs. */
function packTiles({ tiles, opened }: GpuGroup, frame: number): ArrayBuffer {
  const times = opened.parts.map((part) => timeFeatures(part, frame));
  const packed = new ArrayBuffer(tiles.length * TILE_BYTES);
  const integers = new Uint32Array(packed);
  const floats = new Float32Array(packed);
  tiles.forEach(({ offset, width }, i) => {
    const shift = (axis: number) => tileDisplacement(opened, i, frame, axis);
    integers.set([offset, width], 7 * i);
    floats.set([shift(0), shift(1), ...times[opened.partOf[i]!]!], 7 * i + 2);
  });
  return packed;
}
