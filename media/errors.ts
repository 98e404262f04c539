/** What went wrong between us and ffmpeg; stable, for programs. The sentence in `message` is for people. */
export type MediaErrorCode =
  | "no-such-file"
  | "not-a-video"
  | "no-video-stream"
  | "truncated-video"
  | "no-frames"
  | "ffmpeg-missing"
  | "encoder-unavailable"
  | "ffmpeg-failed"
  | "ffmpeg-killed"
  | "disk-full"
  | "write-failed";

/** An error of the media layer: `message` names the file, what is wrong with it and what to do. */
export class MediaError extends Error {
  override readonly name = "MediaError";
  readonly code: MediaErrorCode;

  constructor(code: MediaErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The errno code of a Node error ("ENOENT", "ENOSPC", ...), or undefined. */
export const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** The sentence for a failed write of `output`. */
export function writeError(output: string, cause: unknown): MediaError {
  const errno = errnoOf(cause);
  const why: Record<string, string> = {
    ENOENT: "the folder does not exist; create it first",
    ENOTDIR: "part of the path is not a folder",
    EACCES: "permission denied; choose a folder you may write to",
    EPERM: "permission denied; choose a folder you may write to",
    EROFS: "the file system is read-only; choose another folder",
    EISDIR: "that is a folder; give the name of a file",
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
  const reason = (errno && why[errno]) ?? (cause instanceof Error ? cause.message : String(cause));
  return new MediaError("write-failed", `cannot write ${output}: ${reason}`, { cause });
}
