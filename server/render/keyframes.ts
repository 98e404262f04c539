import { encodeKeyframe, type VideoEncoder } from "../../media/segments/segment-encoder.js";
import type { VideoSegment } from "../catalog/timeline.js";
import { videoCost } from "./cost.js";
import type { Renderer } from "./renderer.js";
import { encoderFormat, renditionKey, type VideoRendition } from "./rendition.js";

export interface KeyframeServiceDependencies {
  readonly renderer: Renderer;
  readonly encoder: VideoEncoder;
}

/** Returns the cache key of the keyframe of a segment. */
export const keyframeKey = (rendition: VideoRendition, { index }: VideoSegment): string =>
  renditionKey(rendition, `keyframe ${index}`);

/** Renders the keyframe of a segment alone, as a fragment that lasts as long as the segment. */
export class KeyframeService {
  readonly #dependencies: KeyframeServiceDependencies;

  constructor(dependencies: KeyframeServiceDependencies) {
    this.#dependencies = dependencies;
  }

  /** Returns moof and mdat. Rejects with SieddError, MediaError, RequestError or the signal's reason. */
  keyframe(rendition: VideoRendition, segment: VideoSegment, signal?: AbortSignal): Promise<Uint8Array> {
    const { id } = rendition.entry;
    const { width, height } = rendition.viewport;
    const job = {
      key: keyframeKey(rendition, segment),
      event: { type: "keyframe", id, index: segment.index, width, height, frames: 1 },
      cost: videoCost(rendition, 1),
      render: (jobSignal: AbortSignal) => this.#encode(rendition, segment, jobSignal),
    } as const;
    return this.#dependencies.renderer.run(job, signal);
  }

  async #encode(rendition: VideoRendition, segment: VideoSegment, signal: AbortSignal): Promise<Uint8Array> {
    const { encoder } = this.#dependencies;
    const { entry, viewport } = rendition;
    const { index, firstFrame, frameCount: durationFrames } = segment;
    const { media } = await encodeKeyframe({
      ...encoderFormat(rendition),
      encoder,
      frames: entry.video.frames({ from: firstFrame, count: 1, viewport, format: "i420-709", signal }),
      firstFrame,
      durationFrames,
      sequence: index + 1,
      signal,
    });
    return media;
  }
}
