import Hls from "hls.js";
import { ElasticPlayback } from "../hls/elastic-playback.js";
import { NativePlayback } from "../hls/native-playback.js";
import type { Playback, PlaybackOptions, Transport } from "../playback/transport.js";

/** High profile at the highest level there is, with the parameter sets in band. */
const ELASTIC_TYPE = 'video/mp4; codecs="avc3.64003e, mp4a.40.2"';

/** The best transport that this browser has; null where it plays no HLS at all. */
export function chooseTransport(video: HTMLVideoElement): Transport | null {
  if (Hls.isSupported()) {
    return Hls.getMediaSource()?.isTypeSupported(ELASTIC_TYPE) ? "elastic" : "levels";
  }
  return video.canPlayType("application/vnd.apple.mpegurl") === "" ? null : "native";
}

export function startPlayback(transport: Transport, options: PlaybackOptions): Playback {
  if (transport === "elastic" || transport === "levels") return new ElasticPlayback(options, transport);
  return new NativePlayback(options);
}
