import { setFlagsFromString } from "node:v8";
import { KERNEL, RELAXED_KERNEL } from "./kernel-bytes.js";

/** Exports of the compiled kernel; encoder/training/kernel/assembly/index.ts says what they do. Addresses are bytes. */
export interface KernelExports {
  staticBytes(): number;
  stepTile(plan: number, tile: number, step: number, offsetX: number, offsetY: number): void;
  trainTile(
    plan: number,
    tile: number,
    pixels: number,
    from: number,
    to: number,
    offsetX: number,
    offsetY: number,
  ): void;
  sumTile(
    plan: number,
    tile: number,
    pixels: number,
    steps: number,
    offsetX: number,
    offsetY: number,
    sums: number,
    gram: number,
    cross: number,
  ): void;
  stepEncoder(plan: number, count: number, gradient: number, step: number): void;
}

const decode = (base64: string): Uint8Array<ArrayBuffer> => {
  const bytes = Buffer.from(base64, "base64");
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
};

/**
 * Whether a product and a sum are one instruction here, rounded once. Node 20 knows relaxed SIMD but asks for a
 * flag, which this sets; later ones need none.
 */
export function hasRelaxedSimd(): boolean {
  const bytes = decode(RELAXED_KERNEL);
  if (!WebAssembly.validate(bytes)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  return WebAssembly.validate(bytes);
}

const compiled = new Map<boolean, Promise<WebAssembly.Module>>();

/** Compiles once a thread. */
function compileKernel(relaxed: boolean): Promise<WebAssembly.Module> {
  const known = compiled.get(relaxed) ?? WebAssembly.compile(decode(relaxed ? RELAXED_KERNEL : KERNEL));
  compiled.set(relaxed, known);
  return known;
}

const PAGE = 65536;

/** Instances that nobody uses at the moment; a thread has as many as it ever had trainings at the same time. */
const idle = new Map<boolean, TrainingKernel[]>();

/** One instance of the training kernel, with a memory of its own. */
export class TrainingKernel {
  readonly exports: KernelExports;
  readonly #memory: WebAssembly.Memory;
  readonly #relaxed: boolean;

  private constructor(exports: KernelExports, memory: WebAssembly.Memory, relaxed: boolean) {
    this.exports = exports;
    this.#memory = memory;
    this.#relaxed = relaxed;
  }

  /**
   * An instance for one job, to be given back: its memory is then used again, so that it does not wait to be
   * collected as garbage while the next job takes more. `relaxed`: with relaxed SIMD. Default: where it is there.
   */
  static async take(relaxed = hasRelaxedSimd()): Promise<TrainingKernel> {
    const known = idle.get(relaxed)?.pop();
    if (known !== undefined) return known;
    if (relaxed) hasRelaxedSimd();
    const memory = new WebAssembly.Memory({ initial: 1, maximum: PAGE });
    const instance = await WebAssembly.instantiate(await compileKernel(relaxed), { env: { memory } });
    return new TrainingKernel(instance.exports as unknown as KernelExports, memory, relaxed);
  }

  /** Nobody may use it, or views of its memory, afterwards. */
  giveBack(): void {
    const others = idle.get(this.#relaxed) ?? [];
    idle.set(this.#relaxed, [...others, this]);
  }

  /** Makes the memory at least `bytes` long, and zeros from `start` to there. Views taken before are void. */
  clear(start: number, bytes: number): void {
    const missing = bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    new Uint8Array(this.#memory.buffer, start, bytes - start).fill(0);
  }

  /** All of the memory, for the records that `Layout.write` writes. */
  records(): DataView<ArrayBuffer> {
    return new DataView(this.#memory.buffer);
  }

  floats(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer, address, length);
  }

  doubles(address: number, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#memory.buffer, address, length);
  }

  words(address: number, length: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#memory.buffer, address, length);
  }
}
