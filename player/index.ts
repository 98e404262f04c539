export type { GroupEntry, TextTrack } from "../codec/asset/asset.js";
export type { AssetInfo, GroupInfo } from "../codec/asset/asset-info.js";
export type { Rational } from "../codec/asset/rational.js";
export type { PartEntry } from "../codec/asset/spans.js";
export type { Chapter } from "../codec/iso/chapters.js";
export type { TrackLabels } from "../codec/iso/track-labels.js";
export type { EncodeState } from "../protocol/encode-state.js";
export type { SizeLimits } from "../protocol/size-limits.js";
export type { SegmentInfo, VideoInfo } from "../protocol/video-info.js";
export { SieddPlayerElement } from "./element/element.js";
export {
  type EmbeddedVideo,
  type EmbedOptions,
  elementSnippet,
  embedSnippet,
  embedUrl,
} from "./element/embed-snippet.js";
export type { SieddPlayerCustomEventMap, SieddPlayerEventMap } from "./element/events.js";
export { PlayerError, type PlayerErrorCode } from "./errors.js";
export type { Region } from "./geometry/region.js";
export type { Size } from "./geometry/size.js";
export { addTranslation, type Strings } from "./i18n/strings.js";
export type { LoadedSegment } from "./playback/segment.js";
export type { ServerTiming } from "./playback/server-timing.js";
export type { MissingRange, Transport } from "./playback/transport.js";
export type { PlayerMode } from "./session/open-video.js";
export type { PlayerTextTrack, PlayerVideoInfo } from "./source/video-info.js";
