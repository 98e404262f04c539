import { KernelDecoder, type LoadedGroup } from "../../codec/decode/kernel-decoder.js";
import { SieddError } from "../../codec/errors.js";
import type { TileDecoderAsset } from "../../codec/internal.js";
import { GpuDecoder, type GpuGroup } from "./gpu/gpu-decoder.js";
import type { WorkerEngine, WorkerOrder } from "./messages.js";

/** One picture to compute. */
export type EngineJob = Pick<
  Extract<WorkerOrder, { type: "decode" }>,
  "group" | "frame" | "request" | "draft"
>;

/** Decodes pictures of groups that were loaded. */
export interface Engine {
  readonly name: WorkerEngine;
  /** What is wrong with a group is told when a frame of it is asked for. */
  load(group: number, payload: Uint8Array): void;
  forget(group: number): void;
  decode(job: EngineJob, out: Uint8Array): void | Promise<void>;
}

const missing = (group: number) => new Error(`group ${group} was not loaded`);

/** The SIMD kernel. */
export class KernelEngine implements Engine {
  readonly name = "kernel";
  readonly #decoder: KernelDecoder;
  readonly #groups = new Map<number, LoadedGroup | Error>();

  private constructor(decoder: KernelDecoder) {
    this.#decoder = decoder;
  }

  static async create(asset: TileDecoderAsset): Promise<KernelEngine> {
    return new KernelEngine(await KernelDecoder.create(asset));
  }

  load(group: number, payload: Uint8Array): void {
    try {
      this.#groups.set(group, this.#decoder.loadGroup(group, payload));
    } catch (error) {
      this.#groups.set(group, error instanceof Error ? error : new Error(String(error)));
    }
  }

  forget(group: number): void {
    this.#groups.delete(group);
  }

  decode({ group, frame, request, draft }: EngineJob, out: Uint8Array): void {
    const loaded = this.#groups.get(group) ?? missing(group);
    if (loaded instanceof Error) throw loaded;
    if (draft) this.#decoder.draftRgba(loaded, frame, request, out);
    else this.#decoder.decodeRgba(loaded, frame, request, out);
  }
}

/** The shader; where the GPU goes away, the kernel takes over with the groups that there are. */
export class GpuEngine implements Engine {
  readonly #asset: TileDecoderAsset;
  readonly #decoder: GpuDecoder;
  readonly #payloads = new Map<number, Uint8Array>();
  readonly #groups = new Map<number, GpuGroup>();
  #kernel: KernelEngine | null = null;

  get name(): WorkerEngine {
    return this.#kernel === null ? "webgpu" : "kernel";
  }

  private constructor(asset: TileDecoderAsset, decoder: GpuDecoder) {
    this.#asset = asset;
    this.#decoder = decoder;
  }

  /** Rejects where there is no GPU. */
  static async create(asset: TileDecoderAsset, allowSoftware: boolean): Promise<GpuEngine> {
    const decoder = await GpuDecoder.create(asset, allowSoftware);
    if (decoder === null) throw new Error("there is no GPU for WebGPU here");
    return new GpuEngine(asset, decoder);
  }

  load(group: number, payload: Uint8Array): void {
    this.#payloads.set(group, payload);
    this.#kernel?.load(group, payload);
  }

  forget(group: number): void {
    this.#payloads.delete(group);
    this.#kernel?.forget(group);
    const loaded = this.#groups.get(group);
    this.#groups.delete(group);
    if (loaded !== undefined) this.#decoder.forgetGroup(loaded);
  }

  async decode(job: EngineJob, out: Uint8Array): Promise<void> {
    if (this.#kernel === null) {
      try {
        await this.#decoder.decodeRgba(this.#groupOnGpu(job.group), job, out);
        return;
      } catch (error) {
        if (error instanceof SieddError) throw error;
        await this.#takeOver();
      }
    }
    this.#kernel?.decode(job, out);
  }

  #groupOnGpu(group: number): GpuGroup {
    const payload = this.#payloads.get(group);
    if (payload === undefined) throw missing(group);
    const loaded = this.#groups.get(group) ?? this.#decoder.loadGroup(group, payload);
    this.#groups.set(group, loaded);
    return loaded;
  }

  async #takeOver(): Promise<void> {
    this.#decoder.destroy();
    this.#groups.clear();
    const kernel = await KernelEngine.create(this.#asset);
    for (const [group, payload] of this.#payloads) kernel.load(group, payload);
    this.#kernel = kernel;
  }
}
