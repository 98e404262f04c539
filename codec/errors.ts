/**
 * Stable error code of a SieddError:
 *
 * - `bad-asset`: the file is not an asset, or is damaged
 * - `truncated-asset`: the file is shorter than its header says
 * - `unsupported-version`: a later version of siedd wrote the asset
 * - `corrupt-group`: the payload of one group is damaged; other groups may still decode
 * - `bad-request`: an argument is out of range, such as a frame that does not exist
 * - `read-failed`: the source could not be read
 * - `asset-replaced`: the source changed after the asset was opened
 * - `no-onnxruntime`: the package onnxruntime-node is needed, and is not installed or does not load
 */
export type SieddErrorCode =
  | "bad-asset"
  | "truncated-asset"
  | "unsupported-version"
  | "corrupt-group"
  | "bad-request"
  | "read-failed"
  | "asset-replaced"
  | "no-onnxruntime";

/** The error class of the codec. Programs check `code`, which is stable; `message` is for people and may change. */
export class SieddError extends Error {
  override readonly name = "SieddError";
  readonly code: SieddErrorCode;

  constructor(code: SieddErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
