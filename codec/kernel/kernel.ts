import { KERNEL, RELAXED_KERNEL } from "./kernel-bytes.js";

/** Exports of the compiled kernel; arguments are documented in codec/kernel/assembly. Addresses are bytes. */
export interface KernelExports {
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
    luma: number,
    blue: number,
    red: number,
  ): void;
  finishRgba(sum: number, stride: number, plane: number, width: number, rows: number, out: number): void;
}

const decode = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/**
 * True where the kernel may use relaxed SIMD: a quarter faster, and the same bits. Browsers and Node 22
 * have it; Node 20 has it behind --experimental-wasm-relaxed-simd.
 */
export function hasRelaxedSimd(): boolean {
  relaxedRuns ||= WebAssembly.validate(decode(RELAXED_KERNEL));
  return relaxedRuns;
}

/** Only ever switched on, by V8's flag. */
let relaxedRuns = false;

const compiled = new Map<boolean, Promise<WebAssembly.Module>>();

/** Compiles once a thread. */
function compileKernel(relaxed: boolean): Promise<WebAssembly.Module> {
  const known = compiled.get(relaxed) ?? WebAssembly.compile(decode(relaxed ? RELAXED_KERNEL : KERNEL));
  compiled.set(relaxed, known);
  return known;
}

/** One instance of the kernel with a memory of its own. */
export class Kernel {
  readonly exports: KernelExports;
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array;

  private constructor(exports: KernelExports, memory: WebAssembly.Memory) {
    this.exports = exports;
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** `relaxed`: with relaxed SIMD. Default: where it is there. */
  static async create(relaxed = hasRelaxedSimd()): Promise<Kernel> {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const instance = await WebAssembly.instantiate(await compileKernel(relaxed), { env: { memory } });
    return new Kernel(instance.exports as unknown as KernelExports, memory);
  }

  /** Makes the memory at least `bytes` long. Contents stay; views taken before may not. */
  ensureSize(bytes: number): void {
    const missing = bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / 65536));
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer);
  }

  /** A view of the memory as it is now. */
  bytes(address: number, length: number): Uint8Array {
    return this.#bytes.subarray(address, address + length);
  }

  words(address: number, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, address, length);
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }
}
