/** A response that a retry would not change. The message completes the sentence "the origin of ... ". */
export class NonRetryableOriginError extends Error {
  override readonly name = "NonRetryableOriginError";
}
