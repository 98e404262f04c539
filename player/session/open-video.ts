import Hls from "hls.js";
import { ElasticPlayback } from "../hls/elastic-playback.js";
import { NativePlayback } from "../hls/native-playback.js";
import type { Playback, PlaybackOptions, Transport } from "../playback/transport.js";
import { fetchVideoInfo, type PlayerVideoInfo } from "../source/video-info.js";
import { videoUrl } from "../source/video-url.js";

/**
 * What decodes the video: the server, the browser (`direct`), or whichever a short benchmark favors (`auto`).
 * The default, `server`, starts fastest and costs the viewer's device the least.
 */
export type PlayerMode = "auto" | "server" | "direct";

/** H.264 High profile at level 6.2, with in-band parameter sets (avc3). */
const ELASTIC_TYPE = 'video/mp4; codecs="avc3.64003e, mp4a.40.2"';

/** A video whose info is known. */
export interface VideoSource {
  readonly info: PlayerVideoInfo;
  /**
   * Starts playback; returns null if this browser cannot play the video.
   *
   * @throws PlayerError
   */
  start(options: PlaybackOptions): Playback | null;
}

/** Returns whether a URL names an asset file itself, on any host. */
const isAssetUrl = (src: string): boolean => /\.siedd$/i.test(new URL(src).pathname);

/** Loads the decoder's code on demand, so that other modes do not download it. */
const loadDirect = () => import("../direct/index.js");

/** Returns the best HLS transport that this browser supports, or null if it cannot play HLS. */
function chooseHlsTransport(video: HTMLVideoElement): Exclude<Transport, "direct"> | null {
  if (Hls.isSupported()) {
    return Hls.getMediaSource()?.isTypeSupported(ELASTIC_TYPE) ? "elastic" : "levels";
  }
  return video.canPlayType("application/vnd.apple.mpegurl") === "" ? null : "native";
}

/** Plays what the server decodes; returns null if this browser cannot play HLS. */
function startOnServer(options: PlaybackOptions): Playback | null {
  const transport = chooseHlsTransport(options.video);
  if (transport === null) return null;
  return transport === "native" ? new NativePlayback(options) : new ElasticPlayback(options, transport);
}

/**
 * Opens a video. The URL of an asset file always plays in direct mode; any other URL uses `mode`. The server decodes videos
 * that have no asset yet.
 *
 * @throws PlayerError, or the signal's reason
 */
export async function openVideo(src: string, mode: PlayerMode, signal: AbortSignal): Promise<VideoSource> {
  if (isAssetUrl(src)) return openDirect(src, signal);
  // Its code downloads meanwhile.
  if (mode === "direct") loadDirect().catch(() => {});
  const info = await fetchVideoInfo(src, signal);
  if (mode === "server" || info.links.asset === undefined) return { info, start: startOnServer };
  if (mode === "direct") return { info, start: (await openDirect(videoUrl(src, "asset"), signal)).start };
  const { AutoPlayback } = await import("./auto-mode.js");
  return { info, start: (options) => new AutoPlayback(options, { loadDirect, startOnServer }) };
}

async function openDirect(url: string, signal: AbortSignal): Promise<VideoSource> {
  const { DirectPlayback, openDirectAsset } = await loadDirect();
  const asset = await openDirectAsset(url, signal);
  return { info: asset.info, start: (options) => new DirectPlayback(options, asset) };
}
