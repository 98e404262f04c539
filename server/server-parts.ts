import type { VideoCodec } from "../media/segments/video-codec.js";
import type { Catalogue } from "./catalogue.js";
import type { KeyFrameService } from "./key-frame-service.js";
import type { PictureService } from "./pictures/picture-service.js";
import type { SegmentService } from "./segment-service.js";
import type { SizeLimits } from "./sizes/size.js";
import type { WorkQueue } from "./work/queue.js";

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
