/** What ended an encode, as a stable code. */
export type EncoderErrorCode =
  | "bad-option"
  | "no-cuda"
  | "interrupted"
  | "in-use"
  | "no-match"
  | "diverged"
  | "no-tfjs";

/** The encoder's own error; MediaError and SieddError pass through it as they are. */
export class EncoderError extends Error {
  override readonly name = "EncoderError";
  readonly code: EncoderErrorCode;

  constructor(code: EncoderErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** An option out of bounds. */
export function invalidOption(name: string, rule: string, value: unknown): EncoderError {
  return new EncoderError("bad-option", `${name} must be ${rule}, not ${value}`);
}

/** Training whose weights are no longer numbers. */
export const diverged = (): EncoderError =>
  new EncoderError(
    "diverged",
    "training diverged: the weights are no longer numbers; try another --seed, fewer --steps or another --width",
  );
