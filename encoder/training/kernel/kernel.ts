import { setFlagsFromString } from "node:v8";
import { KERNEL, RELAXED_KERNEL, WIDE_KERNEL } from "./kernel-bytes.js";
import { setRevectorization } from "./revectorization.js";

/** Exports of the compiled kernel, documented in encoder/training/kernel/assembly/index.ts. Addresses are in bytes. */
export interface KernelExports {
  staticBytes(): number;
  stepTile(config: number, tile: number, step: number, offsetX: number, offsetY: number): void;
  trainTile(
    config: number,
    tile: number,
    pixels: number,
    from: number,
    to: number,
    offsetX: number,
    offsetY: number,
  ): void;
  sumNormalEquations(
    config: number,
    tile: number,
    pixels: number,
    steps: number,
    offsetX: number,
    offsetY: number,
    sums: number,
    gram: number,
    cross: number,
  ): void;
  stepEncoder(config: number, count: number, gradient: number, step: number): void;
}

const decodeBase64 = (base64: string): Uint8Array<ArrayBuffer> => {
  const bytes = Buffer.from(base64, "base64");
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
};

/**
 * Returns whether this runtime supports relaxed SIMD, whose fused multiply-add rounds once. Sets the flag that Node 20
 * requires for it. Later versions do not need the flag.
 */
export function hasRelaxedSimd(): boolean {
  const bytes = decodeBase64(RELAXED_KERNEL);
  if (!WebAssembly.validate(bytes)) setFlagsFromString("--experimental-wasm-relaxed-simd");
  return WebAssembly.validate(bytes);
}

/**
 * Loops of the kernel. "wide" keeps twice as many vectors in registers: it is faster where V8 merges pairs of vectors into
 * 256 bits, and slower elsewhere. Both give the same bits.
 */
export type KernelVariant = "plain" | "wide";

/** A compiled build: plain with SIMD, plain with relaxed SIMD, or wide with relaxed SIMD. */
export type KernelBuild = "simd" | "relaxed" | "wide";

const BYTES: Record<KernelBuild, string> = { simd: KERNEL, relaxed: RELAXED_KERNEL, wide: WIDE_KERNEL };

/** Returns the build of a variant for this runtime. Without relaxed SIMD, which rounds differently, there is one build. */
export function kernelBuild(variant: KernelVariant): KernelBuild {
  if (!hasRelaxedSimd()) return "simd";
  return variant === "wide" ? "wide" : "relaxed";
}

const compiledModules = new Map<KernelBuild, Promise<WebAssembly.Module>>();

/** Compiles a build of the kernel once per thread. V8 reads its flags when it compiles. */
function compileKernel(build: KernelBuild): Promise<WebAssembly.Module> {
  if (build !== "simd") hasRelaxedSimd();
  if (build === "wide") setRevectorization(true);
  const module = compiledModules.get(build) ?? WebAssembly.compile(decodeBase64(BYTES[build]));
  compiledModules.set(build, module);
  return module;
}

/** Bytes per page of WebAssembly memory, and the maximum number of pages. */
const PAGE_BYTES = 65536;
const MAX_PAGES = 65536;

/** Released instances of this thread by build. Their number is the maximum number of concurrent runs so far. */
const idleKernels = new Map<KernelBuild, TrainingKernel[]>();

/** An instance of the training kernel with its own memory. */
export class TrainingKernel {
  readonly exports: KernelExports;
  readonly #memory: WebAssembly.Memory;
  readonly #build: KernelBuild;

  private constructor(exports: KernelExports, memory: WebAssembly.Memory, build: KernelBuild) {
    this.exports = exports;
    this.#memory = memory;
    this.#build = build;
  }

  /**
   * Returns an instance for one run, which must release it afterwards. Instances are pooled, because the memory of an
   * earlier run would otherwise wait for garbage collection while the next run allocates more.
   *
   * @param build default: the plain variant, with relaxed SIMD if the runtime supports it
   */
  static async acquire(build: KernelBuild = kernelBuild("plain")): Promise<TrainingKernel> {
    const pooled = idleKernels.get(build)?.pop();
    if (pooled !== undefined) return pooled;
    const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
    const instance = await WebAssembly.instantiate(await compileKernel(build), { env: { memory } });
    return new TrainingKernel(instance.exports as unknown as KernelExports, memory, build);
  }

  /** Returns the instance to the pool. Neither the instance nor views of its memory may be used afterwards. */
  release(): void {
    idleKernels.set(this.#build, [...(idleKernels.get(this.#build) ?? []), this]);
  }

  /** Grows the memory to at least `end` bytes and zeroes it from `start` to `end`. Invalidates earlier views. */
  allocate(start: number, end: number): void {
    const missingBytes = end - this.#memory.buffer.byteLength;
    if (missingBytes > 0) this.#memory.grow(Math.ceil(missingBytes / PAGE_BYTES));
    new Uint8Array(this.#memory.buffer, start, end - start).fill(0);
  }

  /** Returns a view of the entire memory. */
  dataView(): DataView<ArrayBuffer> {
    return new DataView(this.#memory.buffer);
  }

  float32Array(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer, address, length);
  }

  float64Array(address: number, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#memory.buffer, address, length);
  }

  uint32Array(address: number, length: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#memory.buffer, address, length);
  }
}
