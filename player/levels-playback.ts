import Hls from "hls.js";
import { linkSample, type SegmentArrival, serverPart } from "./fragment-loader.js";
import { startHls } from "./hls-playback.js";
import { affordableLevel, nearestLevel } from "./levels.js";
import { keepOneRange } from "./one-range.js";
import { patientLoader } from "./patient-loader.js";
import { sameSize } from "./size.js";
import { SizeChooser } from "./size-chooser.js";
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
      fragmentLoader: patientLoader,
      pinLevel: ({ levels }) => nearestLevel(levels, options.wantedSize()),
    });
    keepOneRange(this.hls, options.video);
    const chooser = new SizeChooser(options);
    this.hls.on(Hls.Events.FRAG_LOADED, (_event, { frag, payload, networkDetails }) => {
      const level = this.hls.levels[frag.level];
      if (frag.type !== "main" || frag.sn === "initSegment" || level === undefined) return;
      const { sn, start, duration, stats } = frag;
      const { width, height } = level;
      const { start: asked, first, end } = stats.loading;
      const server = serverPart(networkDetails);
      const arrival: SegmentArrival = {
        index: sn,
        start,
        duration,
        size: { width, height },
        region,
        bytes: payload.byteLength,
        seconds: (end - asked) / 1000,
        waiting: (first - asked) / 1000,
        ...(server === undefined ? {} : { server }),
      };
      chooser.onArrival(linkSample(arrival));
      options.onSegment(arrival);
      const wanted = options.wantedSize();
      const affordable = chooser.choose(duration);
      const { levels } = this.hls;
      const next = sameSize(wanted, affordable)
        ? nearestLevel(levels, wanted)
        : affordableLevel(levels, affordable);
      // From the next segment on, and nothing that has come is thrown away.
      if (next !== this.hls.loadLevel) this.hls.loadLevel = next;
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
