import { type Asset, openAsset } from "../../codec/internal.js";
import { type FileSource, fileSource } from "../../decode-pool/index.js";

/** Opens an asset on disk. @throws SieddError naming the file. */
export async function openAssetFile(
  path: string,
  signal: AbortSignal,
): Promise<{ asset: Asset; source: FileSource }> {
  const source = fileSource(path);
  return { asset: await openAsset(source, { name: path, signal }), source };
}
