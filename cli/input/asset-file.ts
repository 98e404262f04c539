import { stat } from "node:fs/promises";
import { type Asset, openAsset } from "../../codec/internal.js";
import { type FileSource, fileSource } from "../../decode-pool/index.js";
import { CommandError } from "../errors.js";

/** An open asset, and the file that it reads from. */
export interface AssetFile {
  readonly asset: Asset;
  readonly source: FileSource;
}

/**
 * Opens an asset on disk.
 * @throws SieddError with the path in its message; CommandError for a pipe or a device.
 */
export async function openAssetFile(path: string, signal: AbortSignal): Promise<AssetFile> {
  await requireSeekable(path);
  const source = fileSource(path);
  return { asset: await openAsset(source, { name: path, signal }), source };
}

/** Rejects what cannot be read at any position, before opening it could wait for a writer. */
async function requireSeekable(path: string): Promise<void> {
  const file = await stat(path).catch(() => undefined);
  const isStdin = path === "-" && file === undefined;
  if (!isStdin && (file === undefined || file.isFile() || file.isDirectory())) return;
  const name = isStdin ? "standard input (-)" : path;
  const kind = isStdin || file?.isFIFO() || file?.isSocket() ? "a pipe" : "a device";
  throw new CommandError(
    `${name} is ${kind}, but an asset is read at many positions; save it to a file and choose that file`,
  );
}
