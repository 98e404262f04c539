import Hls from "hls.js";
import { startHls } from "./hls-playback.js";
import { nearestLevel } from "./levels.js";
import { masterUrl, type Playback, type PlaybackOptions } from "./transport.js";
import type { SizeChange } from "./wanted-size.js";

/** Levels of the master playlist, for browsers that need the parameter sets in the init segment. */
export class LevelsPlayback implements Playback {
  readonly transport = "levels";
  readonly hls: Hls;

  constructor(options: PlaybackOptions) {
    const region = options.wantedRegion();
    this.hls = startHls({
      ...options,
      playlist: masterUrl(options),
      pinLevel: ({ levels }) => nearestLevel(levels, options.wantedSize()),
    });
    this.hls.on(Hls.Events.FRAG_LOADED, (_event, { frag, payload }) => {
      const level = this.hls.levels[frag.level];
      if (frag.type !== "main" || frag.sn === "initSegment" || level === undefined) return;
      const { sn, start, duration, stats } = frag;
      const { width, height } = level;
      const seconds = (stats.loading.end - stats.loading.start) / 1000;
      options.onSegment({
        index: sn,
        start,
        duration,
        size: { width, height },
        region,
        bytes: payload.byteLength,
        seconds,
      });
    });
  }

  follow({ size }: SizeChange): void {
    const level = nearestLevel(this.hls.levels, size);
    if (level >= 0 && level !== this.hls.loadLevel) this.hls.nextLevel = level;
  }

  destroy(): void {
    this.hls.destroy();
  }
}
