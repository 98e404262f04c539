import Hls from "hls.js";
import type { AudioTrack } from "media-tracks";
import { toNumber } from "../../codec/asset/rational.js";
import type { PlayerVideoInfo } from "../source/video-info.js";
import type { MediaElement } from "./media-element.js";

/** Rows of pixels that people know by name; a video's own come with them. */
const STANDARD_HEIGHTS = [144, 240, 360, 480, 720, 1080, 1440, 2160];

/** What an element with tracks has to let be chosen. */
export interface TrackHost extends MediaElement {
  readonly currentSrc: string;
  /** Rows of output pixels, or `auto`: as many as the screen shows. */
  quality: number | "auto";
}

/** The `<track>` children of the element, kept alike within the video, which alone can show them. */
export function mirrorTextTracks(host: Element, video: HTMLVideoElement, signal: AbortSignal): void {
  let mirrored: Element[] = [];
  const mirror = () => {
    for (const track of mirrored) track.remove();
    mirrored = Array.from(
      host.querySelectorAll(":scope > track"),
      (track) => track.cloneNode() as HTMLTrackElement,
    );
    video.append(...mirrored);
  };
  const observer = new MutationObserver(mirror);
  observer.observe(host, { childList: true });
  mirror();
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}

/**
 * Offers heights to choose from in `videoRenditions`. Any other height can be had by `quality`: nothing is stored
 * at any of them. Ends with the signal.
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
      const chosen = list.selectedIndex < 0 ? undefined : list[list.selectedIndex];
      host.quality = chosen?.height ?? "auto";
    },
    { signal },
  );
  signal.addEventListener("abort", () => host.removeVideoTrack(track), { once: true });
}

/** The video's languages in `audioTracks`; enabling one switches to it. Ends with the signal. */
export function offerAudioTracks(host: MediaElement, hls: Hls, signal: AbortSignal): void {
  let offered: AudioTrack[] = [];
  const forget = () => {
    for (const track of offered) host.removeAudioTrack(track);
    offered = [];
  };
  hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, (_event, { audioTracks }) => {
    forget();
    offered = audioTracks.map(({ name, lang, default: main }, index) => {
      const track = host.addAudioTrack(main ? "main" : "alternative", name, lang ?? "");
      track.id = `${index}`;
      track.enabled = main;
      return track;
    });
  });
  hls.on(Hls.Events.AUDIO_TRACK_SWITCHED, (_event, { id }) => {
    for (const [index, track] of offered.entries()) track.enabled = index === id;
  });
  host.audioTracks.addEventListener(
    "change",
    () => {
      const chosen = offered.findLastIndex((track, index) => track.enabled && index !== hls.audioTrack);
      if (chosen >= 0 && hls.audioTrack !== chosen) hls.audioTrack = chosen;
    },
    { signal },
  );
  signal.addEventListener("abort", forget, { once: true });
}
