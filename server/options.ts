import type { FastifyRequest } from "fastify";
import type { VideoEncoder } from "../media/segments/segment-encoder.js";
import type { Authorize } from "./auth/permissions.js";
import type { SignKey } from "./auth/signature.js";
import type { OpenLibrariesOptions } from "./library/options.js";
import type { WorkEvent } from "./monitoring/work-event.js";
import type { EncodeMode, EncodeSettings } from "./scheduling/encode-settings.js";

/** Options of the plugin. Fastify's `prefix` may be given beside them. */
export interface SieddOptions extends OpenLibrariesOptions {
  /**
   * Memory for finished segments and images. If it is full, the least recently used ones are evicted. 0 disables the
   * memory cache; concurrent requests for the same content still share one computation.
   *
   * @default 256 MiB
   * @minimum 0
   * @unit bytes
   */
  readonly cacheBytes?: number;
  /**
   * Folder that keeps finished segments and images across restarts. Several processes may share it. Files that do not
   * belong to the cache are left alone. Without it, content is only cached in memory.
   *
   * @default none
   */
  readonly cacheDir?: string;
  /**
   * Disk space for the files in `cacheDir`. If it is full, the least recently used ones are deleted.
   *
   * @default 4 GiB
   * @minimum 16 MiB
   * @unit bytes
   */
  readonly cacheDirBytes?: number;
  /**
   * The H.264 encoder: `x264` on the CPU, or a GPU encoder by its ffmpeg name, `h264_nvenc` (NVIDIA) or `h264_vaapi`
   * (Intel, AMD). A GPU encoder is tested at startup, and startup fails if it does not work. Sizes that GPU encoders
   * do not support, with a side below 160 or above 4096 pixels, are encoded with x264. x264 has the smallest files at
   * equal quality, deterministic bytes, and peaks that never exceed BANDWIDTH.
   *
   * @default "x264"
   */
  readonly videoEncoder?: VideoEncoder;
  /**
   * Threads that decode frames. Values above the number of CPU cores start one thread per core.
   *
   * @default one per CPU core
   * @minimum 1
   * @maximum 256
   * @unit threads
   */
  readonly workers?: number;
  /**
   * Responses that are computed at the same time. Each segment runs one ffmpeg process.
   *
   * @default one per CPU core
   * @minimum 1
   * @maximum 256
   * @unit responses
   */
  readonly concurrency?: number;
  /**
   * Responses that wait to be computed. Further requests fail with 503, because a longer queue would only delay them
   * past the timeout of players.
   *
   * @default 64
   * @minimum 0
   * @maximum 1000000
   * @unit responses
   */
  readonly maxQueue?: number;
  /**
   * Time that a response may wait to be computed before it fails with 503. It is below the 10 seconds without a byte
   * after which hls.js gives up.
   *
   * @default 8
   * @minimum 0.001
   * @maximum 9.999
   * @unit seconds
   */
  readonly maxQueueSeconds?: number;
  /**
   * Maximum work per segment: the area of the output times the number of frames. Larger segments are rejected with 400,
   * so that no request occupies a slot of `concurrency` for too long. The default is 300 frames of the default
   * `maxArea`. Segments and images that take far more work than that to decode, because of the network of their asset,
   * are rejected too.
   *
   * @default 2831155200
   * @minimum 1
   * @unit pixels
   */
  readonly maxWork?: number;
  /**
   * Responses that may be computed or wait for one client at the same time. Further requests of that client fail with
   * 503. 0 sets no limit. The default keeps one client from occupying all slots.
   *
   * @default half of `concurrency` + `maxQueue`, but at least `concurrency` + 1
   * @minimum 0
   * @maximum 1000000
   * @unit responses
   */
  readonly clientJobs?: number;
  /**
   * Pixels that may be computed per second for one client; unused quota accumulates for up to 10 seconds. Further
   * requests of that client fail with 503. Cached content is free. 0 sets no limit. For scale: 1280 x 720 at 25 frames
   * per second is 23 million. A pixel counts once per sample that it takes: about once for H.264 at the size of the
   * source, and more often for small images of large regions. HEVC counts 3.5 times, AVIF 8 times.
   *
   * @default 0
   * @minimum 0
   * @unit pixels per second
   */
  readonly clientPixelsPerSecond?: number;
  /**
   * Returns the client whose quota a request counts against. The default is the peer's IP address, or with Fastify's
   * `trustProxy` the address that the proxy forwards.
   *
   * @default (request) => request.ip
   */
  readonly clientKey?: (request: FastifyRequest) => string;
  /**
   * Segments to compute ahead of each requested one while the server is idle. 0 disables prefetching.
   *
   * @default 1
   * @minimum 0
   * @maximum 8
   * @unit segments
   */
  readonly prefetch?: number;
  /**
   * URL of the catalog as viewers reach it, such as `https://videos.example/videos`, for the absolute links of embed pages
   * and oEmbed. Set it behind a proxy: otherwise these links use the host and protocol that the client or the proxy
   * sends.
   *
   * @default the URL of each request
   */
  readonly publicUrl?: string;
  /**
   * Keys that sign URLs. If there are any, videos are only served at URLs that `signUrl` signed with one of them. To
   * rotate keys, give the new and the old key for as long as old URLs are valid.
   *
   * @default []
   */
  readonly signKeys?: readonly SignKey[];
  /**
   * Authorizes each request before any work is done, except requests for the player's files and health. Its third
   * parameter is what the request does: `view`, `operate` (controls of encodes, `/metrics`, `/stats.json`) or `upload`.
   *
   * @default everyone may view; programs and browsers on the same machine may operate and upload
   */
  readonly authorize?: Authorize;
  /**
   * Maximum length of the output's longer side. Larger sizes are rejected with 400.
   *
   * @default 8192
   * @minimum 16
   * @maximum 8192
   * @unit pixels
   */
  readonly maxSide?: number;
  /**
   * Maximum area of the output, width times height. Larger sizes are rejected with 400, which bounds the cost of a
   * request. The default, 4096 x 2304, is the maximum of H.264 level 5.1, which most phones and browsers decode. The
   * upper bound is that of level 6.2.
   *
   * @default 9437184
   * @minimum 256
   * @maximum 35651584
   * @unit pixels
   */
  readonly maxArea?: number;
  /**
   * Time that `app.close()` waits for responses in progress before it aborts them.
   *
   * @default 5
   * @minimum 0
   * @maximum 3600
   * @unit seconds
   */
  readonly closeSeconds?: number;
  /**
   * When the server encodes the sources of its folders, one at a time in a process of the lowest priority: `off`, `idle`
   * (paused while segments or images are computed, and for two seconds after that), or `eager` (always). An asset
   * replaces its source without interrupting anyone who watches it.
   *
   * @default "off"
   */
  readonly encode?: EncodeMode;
  /**
   * Options of these encodes, as for `encode` of `siedd/encoder`.
   *
   * @default {}
   */
  readonly encodeOptions?: EncodeSettings;
  /**
   * What happens to a source after its encode: `keep`, or `delete` once the asset was read back, compared with the source
   * and found to have `minPsnr` and all tracks. `delete` requires `minPsnr` in `encodeOptions`, and no `size`.
   *
   * @default "keep"
   */
  readonly afterEncode?: "keep" | "delete";
  /**
   * Whether videos can be uploaded, on the library page or by tus 1.0 at `/player/upload`, into the first folder of `root`
   * and its subfolders. `authorize` decides who may. Uploads need the packages `@tus/server` and `@tus/file-store`.
   *
   * @default false
   */
  readonly upload?: boolean;
  /**
   * Maximum size of an uploaded video.
   *
   * @default 64 GiB, but at most half of the free disk space
   * @minimum 1
   * @unit bytes
   */
  readonly maxUploadBytes?: number;
  /**
   * Whether to serve `/metrics`, in the text format of Prometheus, and `/stats.json`: to those who may operate (see
   * `authorize`), or with `"public"` to everyone. They do not name videos, but they reveal how much is watched.
   *
   * @default true
   */
  readonly metrics?: boolean | "public";
  /**
   * Called after each computation, with its type, size and duration. Cached responses do not call it.
   *
   * @default () => {}
   */
  readonly onWork?: (event: WorkEvent) => void;
}
