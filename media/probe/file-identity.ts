import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** Bytes from the start of a file that are hashed. They include the identity that the encoder writes into an asset. */
const HEAD_BYTES = 256 * 1024;
/** Ranges of the rest of a file that are hashed, evenly spaced; the last one ends with the file. */
const SAMPLE_COUNT = 6;
const SAMPLE_BYTES = 4096;

/** The bytes of a file, local or remote. */
export interface IdentifiableFile {
  readonly size: number;
  /** Reads exactly `length` bytes. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Reads a short range that is unlikely to be read again. Default: `read`. */
  readSample?(offset: number, length: number): Promise<Uint8Array>;
}

/**
 * Returns the identity of a file: a hash of its size, its head and sampled ranges, in base64url. Equal bytes have equal
 * identities, whatever their modification times and whether they are local or remote. A file up to 256 KiB is hashed in
 * full. Rejects with the errors of its reads.
 */
export async function sampledIdentity(file: IdentifiableFile): Promise<string> {
  const { size } = file;
  const headBytes = Math.min(size, HEAD_BYTES);
  const hash = createHash("sha256").update(`siedd identity 1 ${size}\n`);
  hash.update(await file.read(0, headBytes));
  const readSample = file.readSample?.bind(file) ?? file.read.bind(file);
  const ranges = sampleRanges(headBytes, size);
  const samples = await Promise.all(ranges.map(({ offset, length }) => readSample(offset, length)));
  for (const sample of samples) hash.update(sample);
  return hash.digest("base64url");
}

/** Returns the identity of a local file, as `sampledIdentity` does. */
export async function fileIdentity(path: string): Promise<string> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const read = async (offset: number, length: number) => {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, offset);
      if (bytesRead < length) throw new Error(`${path} became shorter while it was read`);
      return buffer;
    };
    return await sampledIdentity({ size, read });
  } finally {
    await handle.close();
  }
}

/** Returns the ranges to sample between the end of the head and the end of the file. */
function sampleRanges(start: number, end: number): { readonly offset: number; readonly length: number }[] {
  const rest = end - start;
  if (rest === 0) return [];
  if (rest <= SAMPLE_COUNT * SAMPLE_BYTES) return [{ offset: start, length: rest }];
  return Array.from({ length: SAMPLE_COUNT }, (_, i) => {
    const sampleEnd = start + Math.floor(((i + 1) * rest) / SAMPLE_COUNT);
    return { offset: sampleEnd - SAMPLE_BYTES, length: SAMPLE_BYTES };
  });
}
