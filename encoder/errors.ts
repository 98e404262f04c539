/** What ended an encode, as a stable code. */
export type EncoderErrorCode =
  | "bad-option"
  | "no-cuda"
  | "no-training"
  | "interrupted"
  | "write-failed"
  | "disk-full"
  | "no-output-folder"
  | "no-match";

/** The one error class of the encoder. */
export class EncoderError extends Error {
  override readonly name = "EncoderError";
  readonly code: EncoderErrorCode;

  constructor(code: EncoderErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
