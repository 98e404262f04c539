import type { VideoCodec } from "../media/segments/video-codec.js";
import type { Catalogue } from "./catalog/catalog.js";
import type { PictureService } from "./render/images.js";
import type { KeyFrameService } from "./render/keyframes.js";
import type { SegmentService } from "./render/segments.js";
import type { SizeLimits } from "./request/size.js";
import type { WorkQueue } from "./scheduling/queue.js";

/** What the routes of one instance share. */
export interface Server {
  readonly catalogue: Catalogue;
  readonly limits: SizeLimits;
  readonly service: SegmentService;
  readonly keyFrames: KeyFrameService;
  readonly pictures: PictureService;
  readonly queue: WorkQueue;
  /** What this ffmpeg encodes. */
  readonly codecs: ReadonlySet<VideoCodec>;
}
