import { openAsset } from "../../codec/asset/asset.js";
import { SieddError } from "../../codec/errors.js";
import type { TileAsset } from "../../codec/internal.js";
import { badResponse, invalidVideo, PlayerError, requiresServer } from "../errors.js";
import { DEFAULT_LIMITS } from "../geometry/size.js";
import type { PlayerVideoInfo } from "../source/video-info.js";
import { AudioRemuxer } from "./audio-remuxer.js";
import { GroupStore } from "./group-store.js";
import { RangeSource } from "./range-source.js";

/** An asset that is played where it lies. */
export interface DirectAsset {
  readonly asset: TileAsset;
  readonly info: PlayerVideoInfo;
  readonly audio: AudioRemuxer;
  readonly store: GroupStore;
  /** Ends its requests. */
  close(): void;
}

/**
 * Opens the asset at an address: one request, a second one for videos of some minutes. Rejects with PlayerError:
 * beside what RangeSource.open says, `bad-answer` for what is not an asset and `server-only` for the paper profile.
 */
export async function openDirectAsset(url: string, signal: AbortSignal): Promise<DirectAsset> {
  const life = new AbortController();
  signal.addEventListener("abort", () => life.abort(signal.reason), { signal: life.signal });
  const source = await RangeSource.open(url, life.signal);
  try {
    const asset = await openAsset(source, { signal });
    if (asset.profile !== "tile") throw requiresServer(url);
    const { width, height, duration, frameRate } = asset;
    const info: PlayerVideoInfo = {
      width,
      height,
      duration,
      frameRate,
      links: {},
      limits: DEFAULT_LIMITS,
    };
    const audio = new AudioRemuxer(asset);
    const store = new GroupStore(asset, source, audio);
    return { asset, info, audio, store, close: () => life.abort() };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof SieddError) throw invalidVideo(url, error);
    throw error instanceof PlayerError ? error : badResponse(error);
  }
}
