import { SieddError } from "../errors.js";

/**
 * Random access to the bytes of an asset: a file, an HTTP server that answers Range, a buffer.
 *
 * `read` resolves to exactly `length` bytes from `offset`, or rejects with SieddError
 * `truncated-asset` (the source is shorter), `read-failed` (it could not be read) or `asset-replaced` (it holds
 * another asset by now).
 */
export interface ByteSource {
  /** Length of the whole source in bytes. */
  readonly size: number;
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** A ByteSource over bytes already in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    async read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > bytes.byteLength) {
        throw new SieddError(
          "truncated-asset",
          `the asset ends at byte ${bytes.byteLength}, but bytes ${offset} to ${offset + length} were needed; copy or encode it again`,
        );
      }
      return bytes.subarray(offset, offset + length);
    },
  };
}
