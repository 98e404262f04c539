/** Stable error code of a MediaError. Programs check it; `message` is for people and may change. */
export type MediaErrorCode =
  | "no-such-file"
  | "not-a-video"
  | "no-video-stream"
  | "unsupported-video"
  | "truncated-video"
  | "no-frames"
  | "ffmpeg-missing"
  | "encoder-unavailable"
  | "ffmpeg-failed"
  | "ffmpeg-killed"
  | "disk-full"
  | "write-failed";

/** An error of reading or writing media. `message` names the file, the problem and the fix. */
export class MediaError extends Error {
  override readonly name = "MediaError";
  readonly code: MediaErrorCode;

  constructor(code: MediaErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Returns the errno code of a Node.js error ("ENOENT", "ENOSPC", ...), or undefined. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** Returns the error for a failed write of `output`. */
export function writeError(output: string, cause: unknown): MediaError {
  const errno = errnoOf(cause);
  const reasons: Record<string, string> = {
    ENOENT: "the folder does not exist; create it first",
    ENOTDIR: "part of the path is not a folder; check the path",
    EACCES: "permission denied; choose a folder that you may write to",
    EPERM: "permission denied; choose a folder that you may write to",
    EROFS: "the file system is read-only; choose another folder",
    EISDIR: "it is a folder; choose a file name",
  };
  if (cause instanceof MediaError) return cause;
  if (errno === "ENOSPC" || errno === "EDQUOT") {
    return new MediaError(
      "disk-full",
      `cannot write ${output}: the disk is full; free some space and try again`,
      {
        cause,
      },
    );
  }
  const reason = (errno && reasons[errno]) ?? (cause instanceof Error ? cause.message : String(cause));
  return new MediaError("write-failed", `cannot write ${output}: ${reason}`, { cause });
}
