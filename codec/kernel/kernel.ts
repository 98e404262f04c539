import { KERNEL } from "./kernel-bytes.js";

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
    rows: number,
    rowCount: number,
    v: number,
    time: number,
    scratch: number,
    sum: number,
    stride: number,
    plane: number,
  ): void;
  scratchBytes(outputs: number, frequencies: number, columnCount: number, rowCount: number): number;
  fillTile(
    colour: number,
    columns: number,
    columnCount: number,
    rows: number,
    rowCount: number,
    sum: number,
    stride: number,
    plane: number,
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

let compiled: Promise<WebAssembly.Module> | undefined;

/** Compiles once a thread. */
function compileKernel(): Promise<WebAssembly.Module> {
  compiled ??= WebAssembly.compile(Uint8Array.from(atob(KERNEL), (letter) => letter.charCodeAt(0)));
  return compiled;
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

  static async create(): Promise<Kernel> {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
    const instance = await WebAssembly.instantiate(await compileKernel(), { env: { memory } });
    return new Kernel(instance.exports as unknown as KernelExports, memory);
  }

  /** Makes the memory at least `bytes` long. Contents stay; views taken before may not. */
  ensure(bytes: number): void {
    const missing = bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / 65536));
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer);
  }

  /** A view of the memory as it is now. */
  bytes(address: number, length: number): Uint8Array {
    return this.#bytes.subarray(address, address + length);
  }

  floats(address: number, length: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, length);
  }
}
