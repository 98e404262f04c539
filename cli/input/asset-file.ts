import { type Asset, openAsset } from "../../codec/internal.js";
import { type FileSource, fileSource } from "../../decode-pool/index.js";

/** An open asset, and the file that it reads from. */
export interface AssetFile {
  readonly asset: Asset;
  readonly source: FileSource;
}

/** Opens an asset on disk. @throws SieddError with the path in its message. */
export async function openAssetFile(path: string, signal: AbortSignal): Promise<AssetFile> {
  const source = fileSource(path);
  return { asset: await openAsset(source, { name: path, signal }), source };
}
