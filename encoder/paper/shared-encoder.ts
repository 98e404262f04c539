import { open } from "node:fs/promises";
import { openAsset, type PaperEncoder, type PaperNetwork, SieddError } from "../../codec/internal.js";
import { EncoderError } from "../errors.js";

/**
 * The shared encoder of another asset, for `network`. Rejects with EncoderError `bad-option` where the file cannot be
 * read, is no paper asset or holds an encoder of another shape.
 */
export async function readSharedEncoder(
  path: string,
  network: PaperNetwork,
  signal?: AbortSignal,
): Promise<PaperEncoder> {
  const asset = await openFile(path, signal).catch((cause) => {
    if (signal?.aborted) throw cause;
    const missing = cause.code === "ENOENT" ? "it does not exist; check the path" : undefined;
    const why =
      cause instanceof SieddError ? cause.message : (missing ?? `it cannot be read (${cause.code ?? cause})`);
    throw new EncoderError("bad-option", `--shared-encoder ${path}: ${why}`, { cause });
  });
  if (asset.profile !== "paper") {
    throw new EncoderError(
      "bad-option",
      `--shared-encoder ${path}: the asset has the ${asset.profile} profile; it must be of --profile paper`,
    );
  }
  const theirs = asset.network;
  if (theirs.width !== network.width) {
    throw new EncoderError(
      "bad-option",
      `--shared-encoder ${path}: its width is ${theirs.width}, this one's ${network.width}; choose --width ${theirs.width}`,
    );
  }
  if (
    theirs.frequencies !== network.frequencies ||
    theirs.omega !== network.omega ||
    theirs.encoderLayers !== network.encoderLayers
  ) {
    throw new EncoderError("bad-option", `--shared-encoder ${path}: its encoder has another shape`);
  }
  return asset.encoder;
}

async function openFile(path: string, signal?: AbortSignal) {
  await using file = await open(path);
  const { size } = await file.stat();
  const source = {
    size,
    async read(offset: number, length: number): Promise<Uint8Array> {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      await file.read(bytes, 0, bytes.length, offset);
      if (bytes.length < length) throw new SieddError("truncated-asset", "the asset is cut off");
      return bytes;
    },
  };
  // Awaited, so that the file is open while it is read, and what goes wrong with it is caught.
  return await openAsset(source, signal === undefined ? {} : { signal });
}
