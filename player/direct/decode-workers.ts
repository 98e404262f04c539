import type { TileAsset, Viewport } from "../../codec/internal.js";
import type { WorkerEngine, WorkerOrder, WorkerReport } from "./messages.js";
import { startWorker } from "./start-worker.js";

/** One picture to compute. */
export interface DecodeJob {
  readonly group: number;
  /** Within the group. */
  readonly frame: number;
  readonly request: Viewport;
  /** One sample a pixel; default: as many as the size takes. */
  readonly draft?: boolean;
}

export interface Decoded {
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Of one worker. */
  readonly seconds: number;
}

/** A group that does not decode: damaged, or of a later version. The others still do. */
export class GroupFailure extends Error {
  readonly group: number;

  constructor(group: number, message: string) {
    super(message);
    this.name = "GroupFailure";
    this.group = group;
  }
}

/** Most workers: beyond it memory grows, and 4K at 60 frames a second is reached before. */
const MAX_WORKERS = 4;
/** Groups that a worker keeps unpacked, each about half a megabyte. */
const KEPT_GROUPS = 8;
/** Picture buffers kept for the next pictures. */
const SPARE_BUFFERS = 6;

interface Seat {
  readonly worker: Worker;
  /** In the order of their last use. */
  readonly groups: Set<number>;
  job: { id: number; group: number; resolve(decoded: Decoded): void; reject(reason: unknown): void } | null;
}

/** One less than the processors, since the page needs one; from 1 to 4. */
export const workerCount = (): number =>
  Math.max(1, Math.min(MAX_WORKERS, (navigator.hardwareConcurrency || 2) - 1));

/** Workers that decode one video, a picture at a time each. */
export class DecodeWorkers {
  readonly #seats: Seat[];
  readonly #payload: (group: number) => Uint8Array | undefined;
  #spare: ArrayBuffer[] = [];
  #ids = 0;

  private constructor(workers: readonly Worker[], payload: (group: number) => Uint8Array | undefined) {
    this.#payload = payload;
    this.#seats = workers.map((worker) => ({ worker, groups: new Set(), job: null }));
    for (const seat of this.#seats) {
      seat.worker.onmessage = ({ data }: MessageEvent<WorkerReport>) => this.#settle(seat, data);
      seat.worker.onerror = (event) => seat.job?.reject(new Error(event.message || "a worker failed"));
    }
  }

  /**
   * `payload` gives the bytes of a group that a job names. A GPU has one worker: it is busy with one. Rejects as
   * startWorker does.
   */
  static async start(
    asset: TileAsset,
    payload: (group: number) => Uint8Array | undefined,
    signal: AbortSignal,
    engine: WorkerEngine = "kernel",
  ): Promise<DecodeWorkers> {
    const { profile, network, encoder, width, height, groups } = asset;
    const facts = { profile, network, encoder, width, height, groups };
    const started = await Promise.allSettled(
      Array.from({ length: engine === "kernel" ? workerCount() : 1 }, () =>
        startWorker(facts, engine, signal),
      ),
    );
    const workers = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const refused = started.find((result) => result.status === "rejected");
    if (signal.aborted || workers.length === 0) {
      for (const worker of workers) worker.terminate();
      throw signal.aborted ? signal.reason : refused!.reason;
    }
    return new DecodeWorkers(workers, payload);
  }

  get count(): number {
    return this.#seats.length;
  }

  get idle(): number {
    return this.#seats.filter(({ job }) => job === null).length;
  }

  /** Computes one picture on an idle worker. Rejects with GroupFailure. */
  decode({ group, frame, request, draft = false }: DecodeJob): Promise<Decoded> {
    const idle = this.#seats.filter(({ job }) => job === null);
    const seat = idle.find(({ groups }) => groups.has(group)) ?? idle[0];
    if (seat === undefined) return Promise.reject(new Error("every worker is busy"));
    this.#load(seat, group);
    const id = ++this.#ids;
    const bytes = request.width * request.height * 4;
    const buffer = this.#take(bytes);
    return new Promise((resolve, reject) => {
      seat.job = { id, group, resolve, reject };
      this.#send(seat, { type: "decode", id, group, frame, request, draft, buffer }, [buffer]);
    });
  }

  /** Takes back the memory of a picture that is not needed any more. */
  recycle(pixels: Uint8ClampedArray<ArrayBuffer>): void {
    if (this.#spare.length < SPARE_BUFFERS) this.#spare.push(pixels.buffer);
  }

  destroy(): void {
    for (const { worker } of this.#seats) worker.terminate();
    this.#seats.length = 0;
    this.#spare = [];
  }

  #take(bytes: number): ArrayBuffer {
    this.#spare = this.#spare.filter(({ byteLength }) => byteLength === bytes);
    return this.#spare.pop() ?? new ArrayBuffer(bytes);
  }

  #load(seat: Seat, group: number): void {
    const { groups } = seat;
    if (!groups.has(group)) {
      // A copy of its own: a view would take all of the memory behind it along.
      const payload = new Uint8Array(this.#payload(group) ?? []);
      this.#send(seat, { type: "load", group, payload }, [payload.buffer]);
    }
    groups.delete(group);
    groups.add(group);
    if (groups.size <= KEPT_GROUPS) return;
    const [oldest] = groups;
    groups.delete(oldest!);
    this.#send(seat, { type: "forget", group: oldest! });
  }

  #send(seat: Seat, order: WorkerOrder, transfer: Transferable[] = []): void {
    seat.worker.postMessage(order, transfer);
  }

  #settle(seat: Seat, report: WorkerReport): void {
    const { job } = seat;
    if (job === null || (report.type !== "decoded" && report.type !== "failed") || report.id !== job.id)
      return;
    seat.job = null;
    const pixels = new Uint8ClampedArray(report.buffer);
    if (report.type === "decoded") {
      job.resolve({ pixels, seconds: report.seconds });
      return;
    }
    this.recycle(pixels);
    job.reject(new GroupFailure(report.group, report.message));
  }
}
