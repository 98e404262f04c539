import { SieddError } from "../errors.js";

/** Creates the error for malformed bytes. `detail` is the predicate of a sentence whose subject is `path`. */
export type CreateReaderError = (path: string, detail: string) => Error;

const damagedAsset: CreateReaderError = (path, detail) =>
  new SieddError("bad-asset", `the asset is damaged: ${path} ${detail}; copy or encode it again`);

/**
 * Reads big-endian values with bounds checks. All untrusted bytes enter the codec through this class. Every
 * method throws the reader's error if the value is malformed or reaches past the end.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #path: string;
  readonly #createError: CreateReaderError;
  #position = 0;

  /**
   * @param path name of the bytes in error messages, such as `moov/trak/stsz`
   * @param createError creates the errors; default: SieddError `bad-asset`
   */
  constructor(bytes: Uint8Array, path: string, createError: CreateReaderError = damagedAsset) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#path = path;
    this.#createError = createError;
  }

  get path(): string {
    return this.#path;
  }

  /** Bytes consumed. */
  get position(): number {
    return this.#position;
  }

  /** Bytes not yet consumed. */
  get remaining(): number {
    return this.#bytes.byteLength - this.#position;
  }

  #take(length: number): number {
    if (!Number.isSafeInteger(length) || length < 0 || length > this.remaining) {
      throw this.error(`needs ${length} more bytes but has ${this.remaining}`);
    }
    const start = this.#position;
    this.#position += length;
    return start;
  }

  /** Returns the error for malformed contents. `detail` continues the sentence "moov/trak/stsz ...". */
  error(detail: string): Error {
    return this.#createError(this.#path, detail);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** Reads `count` 32-bit unsigned integers, much faster than one by one. */
  u32s(count: number): Uint32Array {
    const start = this.#take(4 * count);
    const values = new Uint32Array(count);
    for (let i = 0; i < count; i++) values[i] = this.#view.getUint32(start + 4 * i);
    return values;
  }

  /** Reads a 64-bit unsigned integer, which must not exceed 2^53 - 1. */
  u64(): number {
    return this.u64s(1)[0];
  }

  /** Reads `count` 64-bit unsigned integers, none of which may exceed 2^53 - 1. */
  u64s(count: number): Float64Array {
    const words = this.u32s(2 * count);
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = words[2 * i] * 2 ** 32 + words[2 * i + 1];
    const invalid = values.find((value) => value > Number.MAX_SAFE_INTEGER);
    if (invalid !== undefined) throw this.error(`holds the integer ${invalid}, above 2^53 - 1`);
    return values;
  }

  /** Reads a 32-bit float, which must be finite. */
  f32(): number {
    const value = this.#view.getFloat32(this.#take(4));
    if (!Number.isFinite(value)) throw this.error("holds a number that is not finite");
    return value;
  }

  fourcc(): string {
    const start = this.#take(4);
    return String.fromCharCode(...this.#bytes.subarray(start, start + 4));
  }

  /** Reads `length` bytes. Returns a view, not a copy. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Returns a reader of the next `length` bytes, which are consumed here. `name` is appended to the path. */
  slice(length: number, name: string): ByteReader {
    return new ByteReader(this.bytes(length), `${this.#path}/${name}`, this.#createError);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** Returns `count` if that many items of `itemBytes` bytes remain. Call it before allocating them. */
  checkCount(count: number, itemBytes: number, what: string): number {
    if (count * itemBytes > this.remaining) {
      throw this.error(`claims ${count} ${what} but has room for ${Math.floor(this.remaining / itemBytes)}`);
    }
    return count;
  }

  /** Returns `value` if it lies within [min, max]. `what` names it in the error. */
  checkRange(value: number, min: number, max: number, what: string): number {
    if (!(value >= min && value <= max)) {
      throw this.error(`has an invalid value: ${what} must be from ${min} to ${max}, got ${value}`);
    }
    return value;
  }

  /** Throws if bytes are left over. */
  expectEnd(): void {
    if (this.remaining !== 0) throw this.error(`has ${this.remaining} extra bytes`);
  }
}
