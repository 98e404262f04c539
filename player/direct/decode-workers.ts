import type { TileAsset, Viewport } from "../../codec/internal.js";
import type { EngineName, WorkerRequest, WorkerResponse } from "./messages.js";
import { startWorker } from "./start-worker.js";

/** A frame to decode. */
export interface DecodeJob {
  readonly group: number;
  /** Index within the group. */
  readonly frame: number;
  readonly viewport: Viewport;
  /** Whether to take one sample per pixel; default: as many as the size needs. */
  readonly draft?: boolean;
}

export interface DecodeResult {
  /** RGBA, width x height x 4 bytes. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Decoding time on one worker, in seconds. */
  readonly seconds: number;
}

/** A group cannot be decoded: it is damaged or has a newer format. Other groups are not affected. */
export class GroupDecodeError extends Error {
  readonly group: number;

  constructor(group: number, message: string) {
    super(message);
    this.name = "GroupDecodeError";
    this.group = group;
  }
}

/** Four workers are enough for 4K at 60 frames per second. More would only need more memory. */
const MAX_WORKERS = 4;
/** Groups that each worker keeps loaded, of about half a megabyte each. */
const MAX_LOADED_GROUPS = 8;
/** Frame buffers to keep for reuse. */
const MAX_SPARE_BUFFERS = 6;

interface PendingJob {
  readonly id: number;
  readonly group: number;
  resolve(result: DecodeResult): void;
  reject(reason: unknown): void;
}

/** A worker and its state. */
interface WorkerSlot {
  readonly worker: Worker;
  /** Loaded groups, least recently used first. */
  readonly groups: Set<number>;
  /** null while the worker is idle. */
  job: PendingJob | null;
}

/** Returns the number of workers to start: one less than the CPU cores, which leaves one to the page; from 1 to 4. */
const workerCount = (): number =>
  Math.max(1, Math.min(MAX_WORKERS, (navigator.hardwareConcurrency || 2) - 1));

/** Workers that decode one video, each one frame at a time. */
export class DecodeWorkers {
  readonly #slots: WorkerSlot[];
  readonly #getPayload: (group: number) => Uint8Array | undefined;
  #spareBuffers: ArrayBuffer[] = [];
  #lastId = 0;

  private constructor(workers: readonly Worker[], getPayload: (group: number) => Uint8Array | undefined) {
    this.#getPayload = getPayload;
    this.#slots = workers.map((worker) => ({ worker, groups: new Set(), job: null }));
    for (const slot of this.#slots) {
      slot.worker.onmessage = ({ data }: MessageEvent<WorkerResponse>) => this.#onResponse(slot, data);
      slot.worker.onerror = ({ message }) => this.#onCrash(slot, message || "a decoding worker crashed");
    }
  }

  /**
   * Starts the workers: one per spare CPU core, or a single one for a GPU.
   *
   * @param getPayload returns the coded bytes of a group
   * @throws as `startWorker` does, if no worker starts
   */
  static async start(
    asset: TileAsset,
    getPayload: (group: number) => Uint8Array | undefined,
    signal: AbortSignal,
    engine: EngineName = "kernel",
  ): Promise<DecodeWorkers> {
    const { profile, network, encoder, width, height, groups } = asset;
    const decoderAsset = { profile, network, encoder, width, height, groups };
    const started = await Promise.allSettled(
      Array.from({ length: engine === "kernel" ? workerCount() : 1 }, () =>
        startWorker(decoderAsset, engine, signal),
      ),
    );
    const workers = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const failed = started.find((result) => result.status === "rejected");
    if (signal.aborted || workers.length === 0) {
      for (const worker of workers) worker.terminate();
      throw signal.aborted ? signal.reason : failed!.reason;
    }
    return new DecodeWorkers(workers, getPayload);
  }

  get count(): number {
    return this.#slots.length;
  }

  get idleCount(): number {
    return this.#slots.filter(({ job }) => job === null).length;
  }

  /**
   * Decodes a frame on an idle worker, preferably one that has the group loaded.
   *
   * @throws GroupDecodeError if the group cannot be decoded; Error if no worker is idle or the worker crashes
   */
  decode({ group, frame, viewport, draft = false }: DecodeJob): Promise<DecodeResult> {
    const idle = this.#slots.filter(({ job }) => job === null);
    const slot = idle.find(({ groups }) => groups.has(group)) ?? idle[0];
    if (slot === undefined) return Promise.reject(new Error("all decoding workers are busy"));
    this.#ensureGroup(slot, group);
    const id = ++this.#lastId;
    const buffer = this.#takeBuffer(viewport.width * viewport.height * 4);
    return new Promise((resolve, reject) => {
      slot.job = { id, group, resolve, reject };
      this.#send(slot, { type: "decode", id, group, frame, viewport, draft, buffer }, [buffer]);
    });
  }

  /** Keeps the memory of a frame for reuse. */
  recycle(pixels: Uint8ClampedArray<ArrayBuffer>): void {
    if (this.#spareBuffers.length < MAX_SPARE_BUFFERS) this.#spareBuffers.push(pixels.buffer);
  }

  destroy(): void {
    for (const { worker } of this.#slots) worker.terminate();
    this.#slots.length = 0;
    this.#spareBuffers = [];
  }

  #takeBuffer(bytes: number): ArrayBuffer {
    this.#spareBuffers = this.#spareBuffers.filter(({ byteLength }) => byteLength === bytes);
    return this.#spareBuffers.pop() ?? new ArrayBuffer(bytes);
  }

  /** Loads a group into a worker unless it is loaded, and unloads the least recently used one over the limit. */
  #ensureGroup(slot: WorkerSlot, group: number): void {
    const { groups } = slot;
    if (!groups.has(group)) {
      // Copied, because transferring a view would transfer the whole buffer behind it.
      const payload = new Uint8Array(this.#getPayload(group) ?? []);
      this.#send(slot, { type: "load", group, payload }, [payload.buffer]);
    }
    groups.delete(group);
    groups.add(group);
    if (groups.size <= MAX_LOADED_GROUPS) return;
    const [oldest] = groups;
    groups.delete(oldest!);
    this.#send(slot, { type: "unload", group: oldest! });
  }

  #send(slot: WorkerSlot, request: WorkerRequest, transfer: Transferable[] = []): void {
    slot.worker.postMessage(request, transfer);
  }

  /** Removes a worker after an uncaught error: its state is unknown, and it may never respond again. */
  #onCrash(slot: WorkerSlot, message: string): void {
    slot.worker.terminate();
    const index = this.#slots.indexOf(slot);
    if (index >= 0) this.#slots.splice(index, 1);
    slot.job?.reject(new Error(message));
    slot.job = null;
  }

  #onResponse(slot: WorkerSlot, response: WorkerResponse): void {
    const { job } = slot;
    if (job === null || (response.type !== "decoded" && response.type !== "failed")) return;
    if (response.id !== job.id) return;
    slot.job = null;
    const pixels = new Uint8ClampedArray(response.buffer);
    if (response.type === "decoded") {
      job.resolve({ pixels, seconds: response.seconds });
      return;
    }
    this.recycle(pixels);
    job.reject(new GroupDecodeError(response.group, response.message));
  }
}
