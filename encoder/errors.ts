/** Why an encode failed, as a stable code. */
export type EncoderErrorCode =
  | "bad-option"
  | "no-cuda"
  | "interrupted"
  | "in-use"
  | "no-match"
  | "diverged"
  | "no-tfjs"
  | "no-onnxruntime";

/** An error of the encoder itself. `MediaError` and `SieddError` are passed on unchanged. */
export class EncoderError extends Error {
  override readonly name = "EncoderError";
  readonly code: EncoderErrorCode;
  /** Name of the rejected option, a key of `EncodeOptions`; set if `code` is `bad-option`. */
  readonly option: string | undefined;

  constructor(code: EncoderErrorCode, message: string, details: { cause?: unknown; option?: string } = {}) {
    const { cause, option } = details;
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.option = option;
  }
}

/** Creates the error for an invalid option. `message` must begin with the name of the option. */
export function badOption(option: string, message: string, cause?: unknown): EncoderError {
  return new EncoderError("bad-option", message, { option, cause });
}

/** Creates the error for an option whose value is out of bounds. */
export function invalidOption(option: string, rule: string, value: unknown): EncoderError {
  return badOption(option, `${option} must be ${rule}, got ${value}`);
}

/** Creates the error for training that ended with non-finite weights. */
export const diverged = (): EncoderError =>
  new EncoderError(
    "diverged",
    "training diverged: the weights are not finite; try another `seed`, fewer `steps` or another `width`",
  );
