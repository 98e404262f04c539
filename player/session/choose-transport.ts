import Hls from "hls.js";
import type { Transport } from "../playback/transport.js";

/** H.264 High profile at level 6.2, with in-band parameter sets (avc3). */
const ELASTIC_TYPE = 'video/mp4; codecs="avc3.64003e, mp4a.40.2"';

/** Returns the best HLS transport that this browser supports, or null if it cannot play HLS. */
export function chooseHlsTransport(video: HTMLVideoElement): Exclude<Transport, "direct"> | null {
  if (Hls.isSupported()) {
    return Hls.getMediaSource()?.isTypeSupported(ELASTIC_TYPE) ? "elastic" : "levels";
  }
  return video.canPlayType("application/vnd.apple.mpegurl") === "" ? null : "native";
}
