import type { VideoCodec } from "../media/segments/video-codec.js";
import type { SizeLimits } from "../protocol/size-limits.js";
import type { Permissions } from "./auth/permissions.js";
import type { Catalog } from "./catalog/catalog.js";
import type { WatchCounts } from "./monitoring/watch-counts.js";
import type { ImageService } from "./render/images.js";
import type { KeyframeService } from "./render/keyframes.js";
import type { SegmentService } from "./render/segments.js";
import type { PublicUrl } from "./request/video-url.js";
import type { BackgroundEncoder } from "./scheduling/background-encoder.js";
import type { WorkQueue } from "./scheduling/queue.js";
import type { Uploads } from "./upload/uploads.js";

/** What the routes of one plugin instance share. */
export interface PluginContext {
  readonly catalog: Catalog;
  readonly permissions: Permissions;
  readonly limits: SizeLimits;
  readonly segments: SegmentService;
  readonly keyframes: KeyframeService;
  readonly images: ImageService;
  readonly queue: WorkQueue;
  readonly publicUrl: PublicUrl;
  readonly encoder: BackgroundEncoder;
  readonly counts: WatchCounts;
  /** Undefined unless the option `upload` is set. */
  readonly uploads: Uploads | undefined;
  /** Whether `/metrics` and `/stats.json` are served. */
  readonly hasMetrics: boolean;
  /** The codecs that the installed ffmpeg encodes. */
  readonly codecs: ReadonlySet<VideoCodec>;
}
