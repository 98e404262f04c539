import { open } from "node:fs/promises";
import { openAsset, type PaperEncoder, type PaperNetwork, SieddError } from "../../codec/internal.js";
import { badOption, type EncoderError } from "../errors.js";

/**
 * Reads the shared encoder of another asset.
 * @throws EncoderError `bad-option` if the file cannot be read, is not an asset of the paper profile, or has an encoder
 *   of a different shape than `network`
 */
export async function readSharedEncoder(
  path: string,
  network: PaperNetwork,
  signal?: AbortSignal,
): Promise<PaperEncoder> {
  const invalid = (reason: string, cause?: unknown): EncoderError =>
    badOption("sharedEncoder", `sharedEncoder ${path}: ${reason}`, cause);
  const asset = await openAssetFile(path, signal).catch((cause) => {
    if (signal?.aborted) throw cause;
    if (cause instanceof SieddError) throw invalid(cause.message, cause);
    if (cause.code === "ENOENT") throw invalid("the file does not exist; check the path", cause);
    throw invalid(`the file cannot be read (${cause.code ?? cause})`, cause);
  });
  if (asset.profile !== "paper")
    throw invalid(`the asset must have the paper profile, got ${asset.profile}; choose another asset`);
  const { width, frequencies, omega, encoderLayers } = asset.network;
  if (width !== network.width)
    throw invalid(
      `its width is ${width}, but this network has ${network.width}; use a \`width\` of ${width}`,
    );
  const isSameShape =
    frequencies === network.frequencies && omega === network.omega && encoderLayers === network.encoderLayers;
  if (!isSameShape) throw invalid("its encoder has another shape; choose another asset");
  return asset.encoder;
}

async function openAssetFile(path: string, signal?: AbortSignal) {
  await using file = await open(path);
  const { size } = await file.stat();
  const source = {
    size,
    async read(offset: number, length: number): Promise<Uint8Array> {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      await file.read(bytes, 0, bytes.length, offset);
      if (bytes.length < length) throw new SieddError("truncated-asset", "the asset is truncated");
      return bytes;
    },
  };
  // Awaited here, so that the file stays open until the asset is read.
  return await openAsset(source, signal === undefined ? {} : { signal });
}
