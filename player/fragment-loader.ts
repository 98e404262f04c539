import type {
  FragmentLoaderConstructor,
  FragmentLoaderContext,
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
} from "hls.js";
import Hls from "hls.js";
import type { Region } from "./region/region.js";
import { fillRegion, fillSize, type Size } from "./size.js";

/** One segment as it arrived. */
export interface SegmentArrival {
  /** Counted from 0 in the playlist. */
  readonly index: number;
  /** Where it stands in the film and how long it lasts, in seconds. */
  readonly start: number;
  readonly duration: number;
  readonly size: Size;
  /** The part of the picture that it shows, in source pixels; null is all of it. */
  readonly region: Region | null;
  readonly bytes: number;
  /** From the request to the last byte, in seconds. */
  readonly seconds: number;
}

export interface ElasticSource {
  /** The size and the region at this moment, and how they are written in a URL. */
  sizeNow(): {
    readonly size: Size;
    readonly parameter: string;
    readonly region: Region | null;
    readonly regionParameter: string;
  };
  onArrival(arrival: SegmentArrival): void;
}

export interface ElasticLoading {
  readonly loader: FragmentLoaderConstructor;
  /** Ends the segment on its way, if any; hls.js then asks again for what is missing in the buffer. */
  abortInFlight(): void;
}

const DefaultLoader = Hls.DefaultConfig.loader as unknown as new (
  config: HlsConfig,
) => Loader<FragmentLoaderContext>;

/** The default loader, but the size and the region in the URL are the one wanted at the moment of the request. */
export function elasticLoading(source: ElasticSource): ElasticLoading {
  const inFlight = new Set<Loader<FragmentLoaderContext>>();

  class ElasticFragmentLoader extends DefaultLoader {
    override load(
      context: FragmentLoaderContext,
      config: LoaderConfiguration,
      callbacks: LoaderCallbacks<FragmentLoaderContext>,
    ): void {
      const { size, parameter, region, regionParameter } = source.sizeNow();
      const url = fillSize(fillRegion(context.url, regionParameter), parameter);
      // The init segment and the audio carry no size.
      if (url === context.url) {
        super.load(context, config, callbacks);
        return;
      }
      context.url = url;
      const started = performance.now();
      inFlight.add(this);
      super.load(context, config, {
        ...callbacks,
        onSuccess: (response, stats, loaded, details) => {
          inFlight.delete(this);
          const seconds = (performance.now() - started) / 1000;
          const { sn, start, duration } = context.frag;
          source.onArrival({ index: Number(sn), start, duration, size, region, bytes: stats.total, seconds });
          callbacks.onSuccess(response, stats, loaded, details);
        },
      });
    }

    override abort(): void {
      inFlight.delete(this);
      super.abort();
    }

    override destroy(): void {
      inFlight.delete(this);
      super.destroy();
    }
  }

  return {
    loader: ElasticFragmentLoader as unknown as FragmentLoaderConstructor,
    abortInFlight() {
      for (const loader of [...inFlight]) loader.abort();
    },
  };
}
