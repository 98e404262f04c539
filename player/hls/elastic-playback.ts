import type Hls from "hls.js";
import { toNumber } from "../../codec/asset/rational.js";
import { AbrController } from "../abr/abr-controller.js";
import type { SizeChange } from "../abr/requested-size.js";
import { SegmentReplacer } from "../buffer/segment-replacer.js";
import { keepSingleRange } from "../buffer/single-range.js";
import { formatRegion } from "../geometry/region.js";
import { fillRegion, fillSize, type Size, sizeParameter } from "../geometry/size.js";
import { masterUrl, type Playback, type PlaybackOptions } from "../playback/transport.js";
import { videoUrl } from "../source/video-url.js";
import {
  type ElasticLoading,
  elasticLoading,
  type LoadedSegment,
  linkSample,
  type Wanted,
} from "./elastic-loader.js";
import { startHls } from "./hls-playback.js";
import { nearestLevel } from "./levels.js";

/** A segment of a level, from its region on. */
const SEGMENT = /\/[^/]+\/[^/]+\/(seg-\d+\.m4s)/;

/**
 * One playlist, each of whose segments comes at the size wanted when it is asked for: the elastic rendition or, for
 * browsers that need the parameter sets in an init segment, segments of levels, each with its own in front.
 */
export class ElasticPlayback implements Playback {
  readonly transport: "elastic" | "levels";
  readonly hls: Hls;
  readonly #video: HTMLVideoElement;
  readonly #loading: ElasticLoading;
  readonly #renewal: SegmentReplacer;

  constructor(options: PlaybackOptions, transport: "elastic" | "levels") {
    const { video, src, info } = options;
    this.transport = transport;
    this.#video = video;
    const chooser = new AbrController(options);
    const written = (size: Size): Wanted => {
      const region = options.wantedRegion();
      const parameter = sizeParameter(size, region ?? info);
      const wanted = { size, exact: options.wantedSize(), region };
      const name = formatRegion(region);
      if (transport === "elastic")
        return { ...wanted, fill: (url) => fillSize(fillRegion(url, name), parameter) };
      return {
        ...wanted,
        fill: (url) => url.replace(SEGMENT, `/${name}/${parameter}/$1`),
        // The same for all regions.
        init: (url) => url.replace(SEGMENT, `/full/${sizeParameter(size, info)}/init.mp4`),
      };
    };
    const observe = (arrival: LoadedSegment) => chooser.onArrival(linkSample(arrival));
    this.#loading = elasticLoading({
      wantedNow: (duration) => written(chooser.choose(duration)),
      isTooLate: (underway) => chooser.isTooLate(underway),
      onArrival: (arrival, exact) => {
        observe(arrival);
        this.#renewal.add(arrival, exact);
        options.onSegment(arrival);
      },
    });
    this.hls = startHls({
      ...options,
      playlist:
        transport === "elastic"
          ? videoUrl(src, "elastic.m3u8")
          : masterUrl({ ...options, wantedRegion: () => null }),
      fragmentLoader: this.#loading.loader,
      pinLevel: ({ levels }) => (transport === "elastic" ? 0 : nearestLevel(levels, options.wantedSize())),
    });
    keepSingleRange(this.hls, video);
    this.#renewal = new SegmentReplacer({
      hls: this.hls,
      video,
      still: options.still,
      frameRate: toNumber(info.frameRate),
      exact: () => options.wantedSize(),
      region: () => options.wantedRegion(),
      affordable: (duration) => chooser.affordable(duration),
      expected: (size, duration) => chooser.expected(size, duration),
      written,
      onArrival: observe,
      onRenewed: (arrival) => options.onSegment(arrival),
    });
  }

  onSizeChange({ notable }: SizeChange): void {
    if (!notable) {
      this.#renewal.tick();
      return;
    }
    // What is on its way has the old size. While the video plays it comes all the same, and is renewed when there is
    // time: asked for anew it might come too late.
    const { paused, played } = this.#video;
    if (paused || played.length === 0) this.#loading.restartInFlight();
    this.#renewal.onSizeChange();
  }

  destroy(): void {
    this.hls.destroy();
    this.#loading.destroy();
  }
}
