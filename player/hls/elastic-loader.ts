import type {
  FragmentLoaderConstructor,
  FragmentLoaderContext,
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderStats,
} from "hls.js";
import type { Underway } from "../abr/abr-rules.js";
import type { LoadTimeSample } from "../abr/load-time-estimate.js";
import type { Region } from "../geometry/region.js";
import type { Size } from "../geometry/size.js";
import { parseServerTiming, type ServerTiming } from "../playback/server-timing.js";
import { InitSegments, withInit } from "./init-segments.js";
import { responseHeader } from "./retry-after.js";
import { RetryAfterLoader } from "./retry-after-loader.js";

/** One segment as it arrived. */
export interface LoadedSegment {
  /** Counted from 0 in the playlist. */
  readonly index: number;
  /** Where it stands in the video and how long it lasts, in seconds. */
  readonly start: number;
  readonly duration: number;
  readonly size: Size;
  /** The part of the picture that it shows, in source pixels; null is all of it. */
  readonly region: Region | null;
  readonly bytes: number;
  /** From the request to the last byte, in seconds. */
  readonly seconds: number;
  /** Of those, until the first byte: the way there, the server's queue and its computing. */
  readonly waiting?: number;
  /** What the server says of its work, where it does (Server-Timing). */
  readonly server?: ServerTiming;
}

/** What to ask for, and how it is written in a URL. */
export interface Wanted {
  readonly size: Size;
  /** More than `size` where the link does not afford it. */
  readonly exact: Size;
  readonly region: Region | null;
  /** Writes both into the address of a segment. */
  fill(url: string): string;
  /** The address of the init segment that this segment has to bring along; absent where the stream's own will do. */
  init?(url: string): string;
}

export interface ElasticSource {
  /** For a segment of so many seconds that is asked for at this moment. */
  wantedNow(duration: number): Wanted;
  /** Whether it is better to ask anew for the segment that is on its way, for fewer pixels. */
  isTooLate(underway: Underway): boolean;
  /** @param exact what was wanted when it was asked for */
  onArrival(arrival: LoadedSegment, exact: Size): void;
}

/** A request that is made outside of hls.js, and says itself what it asks for. */
export interface OwnContext extends FragmentLoaderContext {
  readonly source?: ElasticSource;
}

export interface ElasticLoading {
  readonly loader: FragmentLoaderConstructor;
  /** Asks anew for what hls.js has on its way, if anything, at the size and region of this moment. */
  restartInFlight(): void;
  destroy(): void;
}

type FragmentLoader = Loader<FragmentLoaderContext>;

/** Milliseconds between two looks at a segment on its way. */
const WATCH_INTERVAL = 200;

/** What the link did for a segment. */
export const linkSample = ({
  size,
  duration,
  bytes,
  seconds,
  waiting = 0,
}: LoadedSegment): LoadTimeSample => ({
  pixels: size.width * size.height,
  duration,
  bytes,
  waiting,
  transfer: seconds - waiting,
});

/** What the server says of its work, where it says anything. */
export const serverPart = (request: unknown): ServerTiming | undefined =>
  parseServerTiming(responseHeader(request, "server-timing") ?? null);

/** CMCD's next request is the playlist's own URL, which has the same placeholder. */
const fillNext = (header: string, fill: (url: string) => string): string =>
  header.replace(/\bnor="([^"]*)"/, (_match, url: string) => {
    return `nor="${encodeURIComponent(fill(decodeURIComponent(url)))}"`;
  });

/** The loader of segments, but the size and the region in the URL are those wanted at the moment of the request. */
export function elasticLoading(hlsSource: ElasticSource): ElasticLoading {
  const inFlight = new Set<ElasticFragmentLoader>();
  const inits = new InitSegments();

  class ElasticFragmentLoader implements FragmentLoader {
    context: OwnContext | null = null;
    readonly stats: LoaderStats;
    readonly #hlsConfig: HlsConfig;
    #inner: FragmentLoader;
    #request: { readonly template: string; readonly headers: Readonly<Record<string, string>> } | null = null;
    #config: LoaderConfiguration | null = null;
    #callbacks: LoaderCallbacks<FragmentLoaderContext> | null = null;
    #size: Size | null = null;
    #watch: ReturnType<typeof setInterval> | undefined;

    constructor(hlsConfig: HlsConfig) {
      this.#hlsConfig = hlsConfig;
      this.#inner = new RetryAfterLoader(hlsConfig);
      this.stats = this.#inner.stats;
    }

    load(
      context: OwnContext,
      config: LoaderConfiguration,
      callbacks: LoaderCallbacks<FragmentLoaderContext>,
    ): void {
      this.context = context;
      if (context.frag.type !== "main" || context.frag.sn === "initSegment") {
        this.#inner.load(context, config, callbacks);
        return;
      }
      this.#request = { template: context.url, headers: { ...context.headers } };
      this.#config = config;
      this.#callbacks = callbacks;
      if (context.source === undefined) inFlight.add(this);
      this.#watch = setInterval(() => this.#look(), WATCH_INTERVAL);
      this.#ask();
    }

    /** Ends the request and makes it again, unnoticed by hls.js, which would not ask again for a first segment. */
    restart(): void {
      this.#inner.destroy();
      this.#inner = new RetryAfterLoader(this.#hlsConfig);
      // hls.js keeps the object in which it was first told how loading went.
      Object.assign(this.stats, this.#inner.stats);
      this.#inner.stats = this.stats;
      this.#ask();
    }

    abort(): void {
      this.#settle();
      this.#inner.abort();
    }

    destroy(): void {
      this.#settle();
      this.#callbacks = null;
      this.#inner.destroy();
    }

    getCacheAge(): number | null {
      return this.#inner.getCacheAge?.() ?? null;
    }

    getResponseHeader(name: string): string | null {
      return this.#inner.getResponseHeader?.(name) ?? null;
    }

    get #source(): ElasticSource {
      return this.context?.source ?? hlsSource;
    }

    #ask(): void {
      const { context } = this;
      const [request, config, callbacks] = [this.#request, this.#config, this.#callbacks];
      if (context === null || request === null || config === null || callbacks === null) return;
      const { sn, start, duration } = context.frag;
      const source = this.#source;
      const wanted = source.wantedNow(duration);
      const { size, exact, region } = wanted;
      const fill = (url: string) => wanted.fill(url);
      context.url = fill(request.template);
      const init = wanted.init === undefined ? null : inits.get(wanted.init(request.template));
      context.headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, fillNext(value, fill)]),
      );
      this.#size = size;
      this.#inner.load(context, config, {
        ...callbacks,
        onSuccess: (response, stats, loaded, details) => {
          this.#settle();
          const { start: asked, first, end } = stats.loading;
          const [seconds, waiting] = [(end - asked) / 1000, (first - asked) / 1000];
          const bytes = stats.total;
          const server = serverPart(details);
          const arrival = { index: Number(sn), start, duration, size, region, bytes, seconds, waiting };
          const hand = () => {
            if (this.#callbacks === null) return;
            source.onArrival({ ...arrival, ...(server === undefined ? {} : { server }) }, exact);
            callbacks.onSuccess(response, stats, loaded, details);
          };
          if (init === null) hand();
          else {
            withInit(init, response).then(hand, ({ status = 0 }) => {
              if (this.#callbacks !== null)
                callbacks.onError({ code: status, text: "no init segment" }, loaded, details, stats);
            });
          }
        },
        onError: (error, loaded, details, stats) => {
          this.#settle();
          callbacks.onError(error, loaded, details, stats);
        },
        onTimeout: (stats, loaded, details) => {
          this.#settle();
          callbacks.onTimeout(stats, loaded, details);
        },
      });
    }

    #look(): void {
      const { first } = this.stats.loading;
      if (this.context === null || this.#size === null || first === 0) return;
      const underway: Underway = {
        size: this.#size,
        duration: this.context.frag.duration,
        bytesLoaded: this.stats.loaded,
        bytesTotal: this.stats.total,
        transfer: (performance.now() - first) / 1000,
      };
      if (this.#source.isTooLate(underway)) this.restart();
    }

    #settle(): void {
      clearInterval(this.#watch);
      inFlight.delete(this);
    }
  }

  return {
    loader: ElasticFragmentLoader as unknown as FragmentLoaderConstructor,
    restartInFlight() {
      for (const loader of [...inFlight]) loader.restart();
    },
    destroy() {
      inits.destroy();
    },
  };
}
