import { basename } from "node:path";
import { MediaError } from "../../media/errors.js";

/** Returns an error about a source with its name in place of its path, because clients see the message. */
export function withoutFolder(error: unknown, path: string): unknown {
  if (!(error instanceof MediaError)) return error;
  return new MediaError(error.code, error.message.replaceAll(path, basename(path)), { cause: error });
}
