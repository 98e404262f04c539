/** What went wrong, as a stable code; the sentence in `message` is for people. */
export type SieddErrorCode =
  | "bad-asset"
  | "truncated-asset"
  | "unsupported-version"
  | "corrupt-group"
  | "bad-request"
  | "read-failed"
  | "asset-replaced";

/** The one error class of the codec. `code` is part of the interface, `message` is not. */
export class SieddError extends Error {
  override readonly name = "SieddError";
  readonly code: SieddErrorCode;

  constructor(code: SieddErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
