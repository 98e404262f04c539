import type { BoxSlice } from "../iso/box.js";

/** Type of the box in `moov` that holds the identity of an asset. Readers of older versions skip it. */
export const IDENTITY_BOX = "sivI";
/** Bytes of an identity. */
export const IDENTITY_BYTES = 16;

/** Returns the identity in the children of `moov`, in hexadecimal; null if the asset was written without one. */
export function readIdentity(moov: readonly BoxSlice[]): string | null {
  const reader = moov.find(({ type }) => type === IDENTITY_BOX)?.reader;
  if (reader?.remaining !== IDENTITY_BYTES) return null;
  const bytes = Array.from({ length: IDENTITY_BYTES }, () => reader.u8());
  if (bytes.every((byte) => byte === 0)) return null;
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
