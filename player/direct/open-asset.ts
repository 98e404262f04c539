import { openAsset } from "../../codec/asset/asset.js";
import { SieddError } from "../../codec/errors.js";
import type { TileAsset } from "../../codec/internal.js";
import { writeWebVtt } from "../../codec/iso/write-webvtt.js";
import { badResponse, invalidVideo, PlayerError, requiresServer } from "../errors.js";
import { DEFAULT_LIMITS } from "../geometry/size.js";
import type { PlayerVideoInfo } from "../source/video-info.js";
import { AudioRemuxer } from "./audio-remuxer.js";
import { GroupStore } from "./group-store.js";
import { RangeSource } from "./range-source.js";

/** An asset that is decoded in the browser. */
export interface DirectAsset {
  readonly asset: TileAsset;
  readonly info: PlayerVideoInfo;
  readonly audio: AudioRemuxer;
  readonly store: GroupStore;
  /** Aborts its requests. */
  close(): void;
}

/**
 * Opens the asset at a URL. This takes one request, and a second one for videos of several minutes.
 *
 * @throws PlayerError as `RangeSource.open` does, `bad-answer` if the file is not an asset, or `server-only` for the
 *   paper profile; or the signal's reason
 */
export async function openDirectAsset(url: string, signal: AbortSignal): Promise<DirectAsset> {
  // The decoder's code may have loaded after the signal had aborted.
  signal.throwIfAborted();
  const requests = new AbortController();
  signal.addEventListener("abort", () => requests.abort(signal.reason), { signal: requests.signal });
  const source = await RangeSource.open(url, requests.signal);
  try {
    const asset = await openAsset(source, { signal });
    if (asset.profile !== "tile") throw requiresServer(url);
    const { width, height, duration, frameRate } = asset;
    const info: PlayerVideoInfo = {
      width,
      height,
      duration,
      frameRate,
      textTracks: asset.text.map(({ index, ...labels }) => ({
        ...labels,
        source: async () => writeWebVtt(await asset.readText(index)),
      })),
      links: {},
      limits: DEFAULT_LIMITS,
    };
    const audio = new AudioRemuxer(asset);
    const store = new GroupStore(asset, source, audio);
    return { asset, info, audio, store, close: () => requests.abort() };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof SieddError) throw invalidVideo(url, error);
    throw error instanceof PlayerError ? error : badResponse(error);
  }
}
