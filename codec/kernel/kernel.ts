import { KERNEL, RELAXED_KERNEL } from "./kernel-bytes.js";

/** Exports of the compiled kernel, documented in codec/kernel/assembly. Addresses are in bytes. */
export interface KernelExports {
  staticBytes(): number;
  sampleTile(
    first: number,
    outputs: number,
    frequencies: number,
    dense: number,
    layers: number,
    width: number,
    columns: number,
    columnCount: number,
    u: number,
    blurX: number,
    rows: number,
    rowCount: number,
    v: number,
    blurY: number,
    time: number,
    scratch: number,
    sum: number,
    stride: number,
    plane: number,
  ): void;
  scratchBytes(outputs: number, frequencies: number, columnCount: number, rowCount: number): number;
  fillTile(
    color: number,
    columns: number,
    columnCount: number,
    rows: number,
    rowCount: number,
    sum: number,
    stride: number,
    plane: number,
  ): void;
  reduce(
    sum: number,
    stride: number,
    plane: number,
    width: number,
    rows: number,
    factorX: number,
    factorY: number,
  ): void;
  finishI420(
    sum: number,
    stride: number,
    plane: number,
    width: number,
    rows: number,
    lumaOut: number,
    cbOut: number,
    crOut: number,
  ): void;
  finishRgba(sum: number, stride: number, plane: number, width: number, rows: number, out: number): void;
}

const decodeBase64 = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** Cached only once true, because a V8 flag can enable support later. */
let relaxedSimd = false;

/**
 * Returns whether the runtime supports relaxed SIMD, with which the kernel is a quarter faster and computes the same
 * bits. Browsers and Node 22 support it; Node 20 does behind --experimental-wasm-relaxed-simd.
 */
export function hasRelaxedSimd(): boolean {
  relaxedSimd ||= WebAssembly.validate(decodeBase64(RELAXED_KERNEL));
  return relaxedSimd;
}

const modules = new Map<boolean, Promise<WebAssembly.Module>>();

/** Compiles the kernel, once per thread. */
function compileKernel(relaxed: boolean): Promise<WebAssembly.Module> {
  const module = modules.get(relaxed) ?? WebAssembly.compile(decodeBase64(relaxed ? RELAXED_KERNEL : KERNEL));
  modules.set(relaxed, module);
  return module;
}

/** Rounds a size up to whole cache lines, the alignment of everything in the kernel's memory. */
export const alignTo64 = (bytes: number): number => (bytes + 63) & ~63;

/** An instance of the kernel with its own memory. */
export class Kernel {
  readonly exports: KernelExports;
  /** First address after the constants of the kernel, a multiple of 64. Memory below it must not be overwritten. */
  readonly start: number;
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array;

  private constructor(exports: KernelExports, memory: WebAssembly.Memory) {
    this.exports = exports;
    this.start = alignTo64(exports.staticBytes());
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** Instantiates the kernel. @param relaxed whether to use relaxed SIMD; default: true if the runtime supports it */
  static async create(relaxed = hasRelaxedSimd()): Promise<Kernel> {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const instance = await WebAssembly.instantiate(await compileKernel(relaxed), { env: { memory } });
    return new Kernel(instance.exports as unknown as KernelExports, memory);
  }

  /** Grows the memory to at least `bytes`. Keeps its contents, but may detach existing views. */
  ensureSize(bytes: number): void {
    const missing = bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / 65536));
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer);
  }

  /** Checks that a view does not overlap the constants. Writing to it would give wrong colors without an error. */
  #checkAddress(address: number): void {
    if (address >= this.start) return;
    throw new RangeError(
      `address ${address} overlaps the constants of the decoding kernel; use addresses from ${this.start} on`,
    );
  }

  /** Returns a view of the memory, valid until it grows. @throws RangeError if it overlaps the constants */
  bytes(address: number, length: number): Uint8Array {
    this.#checkAddress(address);
    return this.#bytes.subarray(address, address + length);
  }

  /** Returns a view of the memory, valid until it grows. `length` is in words. @throws RangeError if it overlaps the constants */
  words(address: number, length: number): Int32Array {
    this.#checkAddress(address);
    return new Int32Array(this.#memory.buffer, address, length);
  }

  /** Returns a view of the memory, valid until it grows. `length` is in floats. @throws RangeError if it overlaps the constants */
  floats(address: number, length: number): Float32Array {
    this.#checkAddress(address);
    return new Float32Array(this.#memory.buffer, address, length);
  }
}
