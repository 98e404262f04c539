import { SieddError } from "../errors.js";

/**
 * The only way untrusted bytes enter the codec: big-endian reads that never leave their slice.
 * `where` names the slice in errors ("moov/trak/stsz"). Reading past the end is `bad-asset`.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #where: string;
  #position = 0;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
  }

  get where(): string {
    return this.#where;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#bytes.byteLength - this.#position;
  }

  #take(length: number): number {
    if (!Number.isSafeInteger(length) || length < 0 || length > this.remaining) {
      throw this.error(`needs ${length} more bytes but has ${this.remaining}`);
    }
    const at = this.#position;
    this.#position += length;
    return at;
  }

  error(what: string): SieddError {
    return new SieddError(
      "bad-asset",
      `the asset is damaged: ${this.#where} ${what}; copy or encode it again`,
    );
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

  /** A 64-bit count as a number; above 2^53 it is an error. */
  u64(): number {
    const value = this.#view.getBigUint64(this.#take(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.error(`holds the number ${value}, past 2^53`);
    return Number(value);
  }

  /** A finite 32-bit float; NaN and infinity are errors. */
  f32(): number {
    const value = this.#view.getFloat32(this.#take(4));
    if (!Number.isFinite(value)) throw this.error("holds a number that is not finite");
    return value;
  }

  fourcc(): string {
    const at = this.#take(4);
    return String.fromCharCode(...this.#bytes.subarray(at, at + 4));
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** `count` items of `itemBytes` each must fit into what is left, before anything is allocated. */
  bounded(count: number, itemBytes: number, what: string): number {
    if (count * itemBytes > this.remaining) {
      throw this.error(
        `promises ${count} ${what} but has room for ${Math.floor(this.remaining / itemBytes)}`,
      );
    }
    return count;
  }

  /** A value within [low, high], or an error that names it. */
  within(value: number, low: number, high: number, what: string): number {
    if (!(value >= low && value <= high)) {
      throw this.error(`gives ${what} as ${value}, outside ${low} to ${high}`);
    }
    return value;
  }

  /** Leftover bytes are an error. */
  end(): void {
    if (this.remaining !== 0) throw this.error(`has ${this.remaining} bytes too many`);
  }
}
