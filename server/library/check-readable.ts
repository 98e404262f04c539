import { access, constants } from "node:fs/promises";
import { basename } from "node:path";
import { readFailed } from "../../decode-pool/index.js";
import type { LibraryEntry } from "./library.js";

/** Rejects with SieddError `read-failed` if the server has no permission to read a source. */
export async function checkReadable({ source, file }: LibraryEntry): Promise<void> {
  if (source === undefined) return;
  await access(source, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw readFailed(basename(file), error);
  });
}
