import type { KernelGroup } from "../../codec/decode/fold.js";
import { KernelDecoder } from "../../codec/decode/kernel-decoder.js";
import { SieddError } from "../../codec/errors.js";
import type { TileDecoderAsset } from "../../codec/internal.js";
import { GpuDecoder, type GpuGroup } from "./gpu/gpu-decoder.js";
import type { EngineName, WorkerRequest } from "./messages.js";

/** A frame to decode. */
export type EngineJob = Pick<
  Extract<WorkerRequest, { type: "decode" }>,
  "group" | "frame" | "viewport" | "draft"
>;

/** Decodes frames of loaded groups. */
export interface DecodeEngine {
  readonly name: EngineName;
  /** Loads a group. If its payload is invalid, `decode` throws, not this method. */
  load(group: number, payload: Uint8Array): void;
  unload(group: number): void;
  /** @param out RGBA, width x height x 4 bytes */
  decode(job: EngineJob, out: Uint8Array): void | Promise<void>;
}

const notLoaded = (group: number) => new Error(`group ${group} is not loaded`);

/** Decodes with the SIMD kernel. */
export class KernelEngine implements DecodeEngine {
  readonly name = "kernel";
  readonly #decoder: KernelDecoder;
  readonly #groups = new Map<number, KernelGroup | Error>();

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

  unload(group: number): void {
    this.#groups.delete(group);
  }

  decode({ group, frame, viewport, draft }: EngineJob, out: Uint8Array): void {
    const loaded = this.#groups.get(group) ?? notLoaded(group);
    if (loaded instanceof Error) throw loaded;
    if (draft) this.#decoder.draftRgba(loaded, frame, viewport, out);
    else this.#decoder.decodeRgba(loaded, frame, viewport, out);
  }
}

/** Decodes with the WebGPU shader. If the GPU is lost, the kernel takes over with the loaded groups. */
export class GpuEngine implements DecodeEngine {
  readonly #asset: TileDecoderAsset;
  readonly #decoder: GpuDecoder;
  readonly #payloads = new Map<number, Uint8Array>();
  readonly #groups = new Map<number, GpuGroup>();
  #kernel: KernelEngine | null = null;

  get name(): EngineName {
    return this.#kernel === null ? "webgpu" : "kernel";
  }

  private constructor(asset: TileDecoderAsset, decoder: GpuDecoder) {
    this.#asset = asset;
    this.#decoder = decoder;
  }

  /** @throws Error without a GPU, or if the shader does not compile */
  static async create(asset: TileDecoderAsset, allowSoftware: boolean): Promise<GpuEngine> {
    const decoder = await GpuDecoder.create(asset, allowSoftware);
    if (decoder === null) throw new Error("no WebGPU adapter is available");
    return new GpuEngine(asset, decoder);
  }

  load(group: number, payload: Uint8Array): void {
    this.#payloads.set(group, payload);
    this.#kernel?.load(group, payload);
  }

  unload(group: number): void {
    this.#payloads.delete(group);
    this.#kernel?.unload(group);
    const loaded = this.#groups.get(group);
    this.#groups.delete(group);
    if (loaded !== undefined) this.#decoder.unloadGroup(loaded);
  }

  async decode(job: EngineJob, out: Uint8Array): Promise<void> {
    if (this.#kernel === null) {
      try {
        await this.#decoder.decodeRgba(this.#uploadGroup(job.group), job, out);
        return;
      } catch (error) {
        // The payload is invalid: the kernel would fail, too.
        if (error instanceof SieddError) throw error;
        await this.#switchToKernel();
      }
    }
    this.#kernel?.decode(job, out);
  }

  /** Returns a group on the GPU. Uploads it for its first frame. */
  #uploadGroup(group: number): GpuGroup {
    const payload = this.#payloads.get(group);
    if (payload === undefined) throw notLoaded(group);
    const loaded = this.#groups.get(group) ?? this.#decoder.loadGroup(group, payload);
    this.#groups.set(group, loaded);
    return loaded;
  }

  async #switchToKernel(): Promise<void> {
    this.#decoder.destroy();
    this.#groups.clear();
    const kernel = await KernelEngine.create(this.#asset);
    for (const [group, payload] of this.#payloads) kernel.load(group, payload);
    this.#kernel = kernel;
  }
}
