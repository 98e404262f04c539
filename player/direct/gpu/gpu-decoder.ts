import { displacement, type Motion } from "../../../codec/decode/displacement.js";
import { chooseSampling, sampleOnce } from "../../../codec/decode/sampling.js";
import { readGroup } from "../../../codec/group/payload.js";
import { dequantize } from "../../../codec/group/quantize.js";
import type { TileDecoderAsset, Viewport } from "../../../codec/internal.js";
import { GROUP_SIDE, SHADER } from "./shader.js";
import { type FlatGroup, flattenGroup } from "./weights.js";

/** Usages of a buffer and of a mapping (WebGPU, 5.1 and 5.2); the library of types has no values. */
const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, uniform: 64, storage: 128 } as const;
const MAP_READ = 1;
/** Bytes of the shader's Params. */
const PARAMS_BYTES = 7 * 16 + 3 * 16;
/** Bytes of a Tile. */
const TILE_BYTES = 16;

/** A group whose weights lie on the GPU. */
export interface GpuGroup {
  readonly motion: Motion;
  readonly tiles: FlatGroup["tiles"];
  readonly weights: GPUBuffer;
}

/** One picture to compute. */
export interface GpuJob {
  /** Within the group. */
  readonly frame: number;
  readonly request: Viewport;
  /** One sample a pixel. */
  readonly draft: boolean;
}

interface Output {
  readonly bytes: number;
  readonly pixels: GPUBuffer;
  /** The same, to be read. */
  readonly copy: GPUBuffer;
}

/** Decodes frames of a tile asset by a compute shader, one at a time. */
export class GpuDecoder {
  readonly #asset: TileDecoderAsset;
  readonly #device: GPUDevice;
  readonly #pipeline: GPUComputePipeline;
  readonly #params: GPUBuffer;
  readonly #tiles: GPUBuffer;
  #output: Output | null = null;

  private constructor(asset: TileDecoderAsset, device: GPUDevice, pipeline: GPUComputePipeline) {
    this.#asset = asset;
    this.#device = device;
    this.#pipeline = pipeline;
    const { rows, columns } = asset.network;
    const write = USAGE.copyTarget;
    this.#params = device.createBuffer({ size: PARAMS_BYTES, usage: USAGE.uniform | write });
    this.#tiles = device.createBuffer({
      size: rows * columns * TILE_BYTES,
      usage: USAGE.storage | write,
    });
  }

  /** -> null where there is no adapter, or only one in software unless that is allowed. Rejects where the shader fails. */
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
    const mistake = messages.find(({ type }) => type === "error");
    if (mistake !== undefined)
      throw new Error(`the shader does not compile: ${mistake.message} in line ${mistake.lineNum}`);
    const pipeline = await device.createComputePipelineAsync({
      layout: "auto",
      compute: { module, entryPoint: "decode" },
    });
    return new GpuDecoder(asset, device, pipeline);
  }

  /** Parses a group and puts it on the GPU. Throws SieddError `corrupt-group`. */
  loadGroup(index: number, payload: Uint8Array): GpuGroup {
    const { network, encoder, groups } = this.#asset;
    const group = dequantize(readGroup(network, index, groups[index]!.frameCount, payload));
    const { weights: values, tiles } = flattenGroup(network, encoder, group);
    const weights = this.#device.createBuffer({
      size: values.byteLength,
      usage: USAGE.storage | USAGE.copyTarget,
    });
    this.#device.queue.writeBuffer(weights, 0, values);
    return { motion: { frameCount: group.frameCount, motion: group.motion }, tiles, weights };
  }

  forgetGroup(group: GpuGroup): void {
    group.weights.destroy();
  }

  /** `out` takes width x height x 4 bytes, R'G'B' and opaque alpha. Rejects where the device is lost. */
  async decodeRgba(group: GpuGroup, job: GpuJob, out: Uint8Array): Promise<void> {
    const { width, height } = job.request;
    const { pixels, copy, bytes } = this.#outputOf(width * height * 4);
    const { queue } = this.#device;
    queue.writeBuffer(this.#params, 0, this.#paramsOf(group, job));
    queue.writeBuffer(this.#tiles, 0, tilesOf(group, job.frame));
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
    commands.copyBufferToBuffer(pixels, 0, copy, 0, bytes);
    queue.submit([commands.finish()]);
    await copy.mapAsync(MAP_READ);
    out.set(new Uint8Array(copy.getMappedRange()));
    copy.unmap();
  }

  destroy(): void {
    this.#device.destroy();
  }

  #outputOf(bytes: number): Output {
    if (this.#output?.bytes === bytes) return this.#output;
    this.#output?.pixels.destroy();
    this.#output?.copy.destroy();
    const make = (usage: number) => this.#device.createBuffer({ size: bytes, usage });
    this.#output = {
      bytes,
      pixels: make(USAGE.storage | USAGE.copySource),
      copy: make(USAGE.mapRead | USAGE.copyTarget),
    };
    return this.#output;
  }

  #paramsOf(group: GpuGroup, { frame, request, draft }: GpuJob): ArrayBuffer {
    const { network, width, height } = this.#asset;
    const { rows, columns, overlap, frequencies, encoderWidth, hiddenLayers } = network;
    const { factorX, factorY, offsets, ...blur } = draft ? sampleOnce(request) : chooseSampling(request);
    // Tile-local, as in planPicture.
    const [blurX, blurY] = [(2 * blur.blurX * columns) / width, (2 * blur.blurY * rows) / height];
    const { region } = request;
    const [sideX, sideY] = [width / columns, height / rows];
    const t = (2 * frame + 1) / group.motion.frameCount - 1;
    const params = new ArrayBuffer(PARAMS_BYTES);
    const floats = new Float32Array(params);
    const integers = new Uint32Array(params);
    floats.set([region.x, region.y]);
    floats.set([region.width / (request.width * factorX), region.height / (request.height * factorY)], 2);
    floats.set([sideX, sideY, Math.min(overlap, sideX / 2), Math.min(overlap, sideY / 2)], 4);
    floats.set([t, Math.sin((Math.PI * t) / 2), Math.cos((Math.PI * t) / 2)], 8);
    floats[11] = 1 / (factorX * factorY * offsets.length);
    floats.set([blurX, blurY], 12);
    integers.set([request.width, request.height, factorX, factorY], 16);
    integers.set([columns, rows, frequencies, hiddenLayers - (encoderWidth > 0 ? 0 : 1)], 20);
    integers.set([encoderWidth / 4, offsets.length], 24);
    for (const [i, [x, y]] of offsets.entries()) floats.set([x, y], 28 + 4 * i);
    return params;
  }
}

function tilesOf({ tiles, motion }: GpuGroup, frame: number): ArrayBuffer {
  const all = new ArrayBuffer(tiles.length * TILE_BYTES);
  const integers = new Uint32Array(all);
  const floats = new Float32Array(all);
  tiles.forEach(({ at, width }, i) => {
    integers.set([at, width], 4 * i);
    floats.set([displacement(motion, i, frame, 0), displacement(motion, i, frame, 1)], 4 * i + 2);
  });
  return all;
}
