import type Hls from "hls.js";
import { toNumber } from "../../codec/asset/rational.js";
import { AbrController } from "../abr/abr-controller.js";
import { SegmentReplacer } from "../buffer/segment-replacer.js";
import { keepSingleRange } from "../buffer/single-range.js";
import { formatRegion } from "../geometry/region.js";
import { fillRegion, fillSize, type Size, sizeParameter } from "../geometry/size.js";
import type { SegmentRequest } from "../playback/segment.js";
import { masterUrl, type Playback, type PlaybackOptions, type SizeChange } from "../playback/transport.js";
import { videoUrl } from "../source/video-url.js";
import { createHls } from "./create-hls.js";
import { ElasticLoaders } from "./elastic-loader.js";
import { nearestLevel } from "./levels.js";
import { limitBuffer } from "./limit-buffer.js";
import { VideoVersion } from "./video-version.js";

type ElasticTransport = "elastic" | "levels";

/** Matches the end of a level's segment URL: region, size and file name. */
const LEVEL_SEGMENT = /\/[^/]+\/[^/]+\/(seg-\d+\.m4s)/;

/**
 * Plays a playlist and requests each segment at the size that is current when it loads. Uses the elastic rendition, or,
 * in browsers that need parameter sets in an init segment, segments of levels with their init segments prepended.
 */
export class ElasticPlayback implements Playback {
  readonly transport: ElasticTransport;
  readonly hls: Hls;
  readonly onPreloadChange: () => void;
  readonly #video: HTMLVideoElement;
  readonly #loaders: ElasticLoaders;
  readonly #replacer: SegmentReplacer;
  readonly #version: VideoVersion;

  constructor(options: PlaybackOptions, transport: ElasticTransport) {
    const { video, src, info, pausedFrame } = options;
    this.transport = transport;
    this.#video = video;
    const abr = new AbrController(options);
    const version = new VideoVersion(src);
    this.#version = version;
    const createRequest = (size: Size) => {
      const { fillUrl, initUrl, ...request } = createSegmentRequest(size, options, transport);
      return {
        ...request,
        fillUrl: (url: string) => version.fill(fillUrl(url)),
        ...(initUrl && { initUrl: (url: string) => version.fill(initUrl(url)) }),
      };
    };
    const onSuperseded = () => {
      if (version.update()) this.#replacer.supersede();
    };
    this.#loaders = new ElasticLoaders({
      createRequest: (duration) => createRequest(abr.chooseNext(duration)),
      shouldAbandon: (inFlight) => abr.shouldAbandon(inFlight),
      onLoaded: (segment, exactSize) => {
        abr.onSegmentLoaded(segment);
        this.#replacer.add(segment, exactSize);
        options.onSegment(segment);
      },
      onSuperseded,
    });
    this.hls = createHls({
      ...options,
      playlist:
        transport === "elastic"
          ? videoUrl(src, "elastic.m3u8")
          : masterUrl({ ...options, requestedRegion: () => null }),
      fragmentLoader: this.#loaders.loader,
      pinLevel: ({ levels }) => (transport === "elastic" ? 0 : nearestLevel(levels, options.requestedSize())),
    });
    keepSingleRange(this.hls, video);
    this.onPreloadChange = limitBuffer(this.hls, options);
    this.#replacer = new SegmentReplacer({
      hls: this.hls,
      video,
      pausedFrame,
      frameRate: toNumber(info.frameRate),
      exactSize: () => options.requestedSize(),
      region: () => options.requestedRegion(),
      sizeFor: (duration) => abr.sizeFor(duration),
      expectedLoadSeconds: (size, duration) => abr.expectedLoadSeconds(size, duration),
      createRequest,
      onLoaded: (segment) => abr.onSegmentLoaded(segment),
      onReplaced: (segment) => options.onSegment(segment),
      onSuperseded,
    });
  }

  onSizeChange({ notable }: SizeChange): void {
    if (!notable) {
      this.#replacer.tick();
      return;
    }
    // Requests in flight have the old size. They are restarted only before playback starts or while it is paused.
    // During playback a restarted request could be late, so its segment is loaded as it is and replaced afterwards.
    const { paused, played } = this.#video;
    if (paused || played.length === 0) this.#loaders.restartInFlight();
    this.#replacer.onSizeChange();
  }

  destroy(): void {
    this.hls.destroy();
    this.#loaders.destroy();
    this.#version.destroy();
  }
}

function createSegmentRequest(
  size: Size,
  { info, requestedSize, requestedRegion }: PlaybackOptions,
  transport: ElasticTransport,
): SegmentRequest {
  const region = requestedRegion();
  const regionName = formatRegion(region);
  const sizeName = sizeParameter(size, region ?? info);
  const request = { size, exactSize: requestedSize(), region };
  if (transport === "elastic")
    return { ...request, fillUrl: (url) => fillSize(fillRegion(url, regionName), sizeName) };
  return {
    ...request,
    fillUrl: (url) => url.replace(LEVEL_SEGMENT, `/${regionName}/${sizeName}/$1`),
    // All regions of a size share one init segment.
    initUrl: (url) => url.replace(LEVEL_SEGMENT, `/full/${sizeParameter(size, info)}/init.mp4`),
  };
}
