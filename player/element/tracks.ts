import Hls from "hls.js";
import type { AudioTrack } from "media-tracks";
import { toNumber } from "../../codec/asset/rational.js";
import type { PlayerVideoInfo } from "../source/video-info.js";
import type { MediaElement } from "./media-element.js";

/** Common heights in pixels. The height of the video is added to them. */
const STANDARD_HEIGHTS = [144, 240, 360, 480, 720, 1080, 1440, 2160];

/** The members of the player element that track lists use. */
export interface TrackHost extends MediaElement {
  readonly currentSrc: string;
  /** Height in output pixels; `auto` follows the screen. */
  quality: number | "auto";
}

/**
 * Adds heights to `videoRenditions`, and applies the selected one, until the signal aborts. `quality` accepts any other
 * height too, because no rendition is stored.
 */
export function offerRenditions(host: TrackHost, info: PlayerVideoInfo, signal: AbortSignal): void {
  const track = host.addVideoTrack("main");
  track.id = "video";
  const max = Math.min(info.limits.maxSide, Math.sqrt((info.limits.maxArea * info.height) / info.width));
  const heights = [...new Set([...STANDARD_HEIGHTS, info.height])].filter((height) => height <= max);
  for (const height of heights.sort((a, b) => a - b)) {
    const width = 2 * Math.round((height * info.width) / info.height / 2);
    const rendition = track.addRendition(
      host.currentSrc,
      width,
      height,
      undefined,
      undefined,
      toNumber(info.frameRate),
    );
    rendition.id = `${height}`;
    rendition.selected = host.quality === height;
  }
  track.selected = true;
  const list = host.videoRenditions;
  list.addEventListener(
    "change",
    () => {
      const selected = list.selectedIndex < 0 ? undefined : list[list.selectedIndex];
      host.quality = selected?.height ?? "auto";
    },
    { signal },
  );
  signal.addEventListener("abort", () => host.removeVideoTrack(track), { once: true });
}

/** Adds the audio tracks of the stream to `audioTracks`, and switches to the enabled one, until the signal aborts. */
export function offerAudioTracks(host: MediaElement, hls: Hls, signal: AbortSignal): void {
  let tracks: AudioTrack[] = [];
  const removeTracks = () => {
    for (const track of tracks) host.removeAudioTrack(track);
    tracks = [];
  };
  hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, (_event, { audioTracks }) => {
    removeTracks();
    tracks = audioTracks.map(({ name, lang, default: main }, index) => {
      const track = host.addAudioTrack(main ? "main" : "alternative", name, lang ?? "");
      track.id = `${index}`;
      track.enabled = main;
      return track;
    });
  });
  hls.on(Hls.Events.AUDIO_TRACK_SWITCHED, (_event, { id }) => {
    for (const [index, track] of tracks.entries()) track.enabled = index === id;
  });
  host.audioTracks.addEventListener(
    "change",
    () => {
      const selected = tracks.findLastIndex((track, index) => track.enabled && index !== hls.audioTrack);
      if (selected >= 0 && hls.audioTrack !== selected) hls.audioTrack = selected;
    },
    { signal },
  );
  signal.addEventListener("abort", removeTracks, { once: true });
}
