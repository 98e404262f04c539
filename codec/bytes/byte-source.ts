import { SieddError } from "../errors.js";

/** Random access to the bytes of an asset: a file, an HTTP server that supports range requests, or a buffer. */
export interface ByteSource {
  /** Length of the source in bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes starting at `offset`.
   * @throws SieddError `truncated-asset` (the source is shorter), `read-failed` (an I/O error), or
   *   `asset-replaced` (the source now holds a different asset); the signal's reason if aborted.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Returns a ByteSource over bytes in memory. Reads return views, not copies. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    async read(offset, length) {
      if (offset < 0 || length < 0 || offset + length > bytes.byteLength) {
        throw new SieddError(
          "truncated-asset",
          `the asset is truncated: cannot read ${length} bytes at byte ${offset}, because it has ${bytes.byteLength} bytes; copy or encode it again`,
        );
      }
      return bytes.subarray(offset, offset + length);
    },
  };
}
