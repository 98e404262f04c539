import type { PlayerMode } from "../element/attributes.js";
import type { Playback, PlaybackOptions } from "../playback/transport.js";
import { fetchVideoInfo, type PlayerVideoInfo } from "../source/video-info.js";
import { videoUrl } from "../source/video-url.js";
import { AutoPlayback } from "./auto-mode.js";
import { chooseTransport, startPlayback } from "./choose-transport.js";

/** A video that is known, and how to play it. */
export interface VideoSource {
  readonly info: PlayerVideoInfo;
  /** null where this browser cannot play it. Throws PlayerError. */
  start(options: PlaybackOptions): Playback | null;
}

/** Whether the address is that of an asset itself, on whatever host. */
export const isAsset = (src: string): boolean => /\.siedd$/i.test(new URL(src).pathname);

/** Code that decodes comes only to those who need it. */
export const loadDirect = () => import("../direct/index.js");

export function startOnServer(options: PlaybackOptions): Playback | null {
  const transport = chooseTransport(options.video);
  return transport === null ? null : startPlayback(transport, options);
}

/** Opens a video: the address decides, then the mode. Rejects with PlayerError. */
export async function openVideo(src: string, mode: PlayerMode, signal: AbortSignal): Promise<VideoSource> {
  if (isAsset(src)) {
    const { info, start } = await openDirect(src, signal);
    return { info, start };
  }
  if (mode === "direct") {
    const [info, { start }] = await Promise.all([
      fetchVideoInfo(src, signal),
      openDirect(videoUrl(src, "asset"), signal),
    ]);
    return { info, start };
  }
  const info = await fetchVideoInfo(src, signal);
  if (mode === "server") return { info, start: startOnServer };
  return { info, start: (options) => new AutoPlayback(options, { loadDirect, startOnServer }) };
}

async function openDirect(url: string, signal: AbortSignal): Promise<VideoSource> {
  const { DirectPlayback, openDirectAsset } = await loadDirect();
  const asset = await openDirectAsset(url, signal);
  return { info: asset.info, start: (options) => new DirectPlayback(options, asset) };
}
