import type {
  FragmentLoaderConstructor,
  FragmentLoaderContext,
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
  LoaderStats,
} from "hls.js";
import type { Size } from "../geometry/size.js";
import type {
  LoadedSegment,
  SegmentLoaderContext,
  SegmentRequest,
  SegmentSource,
} from "../playback/segment.js";
import { parseServerTiming } from "../playback/server-timing.js";
import { InitSegments, prependInit } from "./init-segments.js";
import { responseHeader } from "./retry-after.js";
import { RetryAfterLoader } from "./retry-after-loader.js";
import { isSuperseded } from "./video-version.js";

type Callbacks = LoaderCallbacks<FragmentLoaderContext>;

/** Milliseconds between checks of a download's progress. */
const PROGRESS_INTERVAL_MS = 200;

/** What the loaders of one hls.js instance share. */
interface SharedState {
  readonly source: SegmentSource;
  readonly initSegments: InitSegments;
  /** Loaders of hls.js's own requests that are in flight. */
  readonly inFlight: Set<ElasticFragmentLoader>;
}

/** The fragment loaders of one hls.js instance. They request each segment at the current size and region. */
export class ElasticLoaders {
  /** For hls.js's `fLoader` option. */
  readonly loader: FragmentLoaderConstructor;
  readonly #shared: SharedState;

  constructor(source: SegmentSource) {
    const shared: SharedState = { source, initSegments: new InitSegments(), inFlight: new Set() };
    this.#shared = shared;
    this.loader = class extends ElasticFragmentLoader {
      constructor(config: HlsConfig) {
        super(config, shared);
      }
    } as unknown as FragmentLoaderConstructor;
  }

  /** Restarts hls.js's requests in flight, if any, at the current size and region. */
  restartInFlight(): void {
    for (const loader of [...this.#shared.inFlight]) loader.restart();
  }

  destroy(): void {
    this.#shared.initSegments.destroy();
  }
}

/** The arguments of `load()`, kept to restart the request. */
interface LoadCall {
  readonly context: SegmentLoaderContext;
  /** The URL with its placeholders. */
  readonly template: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly config: LoaderConfiguration;
  readonly callbacks: Callbacks;
}

/** A segment that has arrived. */
interface LoadedResponse {
  readonly position: Pick<LoadedSegment, "index" | "start" | "duration">;
  readonly request: SegmentRequest;
  /** The init segment to prepend; null if the init segment of the stream fits all sizes. */
  readonly init: Promise<ArrayBuffer> | null;
  readonly callbacks: Callbacks;
  readonly result: Parameters<Callbacks["onSuccess"]>;
}

/** Loads video segments at the size and region that its source requests; passes all other requests on. */
class ElasticFragmentLoader implements Loader<FragmentLoaderContext> {
  context: SegmentLoaderContext | null = null;
  readonly stats: LoaderStats;
  readonly #hlsConfig: HlsConfig;
  readonly #shared: SharedState;
  #inner: Loader<FragmentLoaderContext>;
  #call: LoadCall | null = null;
  /** The size of the request in flight. */
  #size: Size | null = null;
  #progressTimer: ReturnType<typeof setInterval> | undefined;

  constructor(hlsConfig: HlsConfig, shared: SharedState) {
    this.#hlsConfig = hlsConfig;
    this.#shared = shared;
    this.#inner = new RetryAfterLoader(hlsConfig);
    this.stats = this.#inner.stats;
  }

  load(context: SegmentLoaderContext, config: LoaderConfiguration, callbacks: Callbacks): void {
    this.context = context;
    if (context.frag.type !== "main" || context.frag.sn === "initSegment") {
      this.#inner.load(context, config, callbacks);
      return;
    }
    this.#call = { context, template: context.url, headers: { ...context.headers }, config, callbacks };
    if (context.source === undefined) this.#shared.inFlight.add(this);
    this.#progressTimer = setInterval(() => this.#checkProgress(), PROGRESS_INTERVAL_MS);
    this.#send(this.#call);
  }

  /** Aborts the request and repeats it, without reporting to hls.js, which would not request a first segment again. */
  restart(): void {
    this.#inner.destroy();
    this.#inner = new RetryAfterLoader(this.#hlsConfig);
    // hls.js keeps a reference to the first stats object.
    Object.assign(this.stats, this.#inner.stats);
    this.#inner.stats = this.stats;
    if (this.#call !== null) this.#send(this.#call);
  }

  abort(): void {
    this.#stopWatching();
    this.#inner.abort();
  }

  destroy(): void {
    this.#stopWatching();
    this.#call = null;
    this.#inner.destroy();
  }

  getCacheAge(): number | null {
    return this.#inner.getCacheAge?.() ?? null;
  }

  getResponseHeader(name: string): string | null {
    return this.#inner.getResponseHeader?.(name) ?? null;
  }

  get #source(): SegmentSource {
    return this.context?.source ?? this.#shared.source;
  }

  #send({ context, template, headers, config, callbacks }: LoadCall): void {
    const { sn, start, duration } = context.frag;
    const request = this.#source.createRequest(duration);
    const position = { index: Number(sn), start, duration };
    context.url = request.fillUrl(template);
    context.headers = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, fillNextObject(value, request)]),
    );
    this.#size = request.size;
    const initUrl = request.initUrl?.(template);
    const init = initUrl === undefined ? null : this.#shared.initSegments.get(initUrl);
    this.#inner.load(context, config, {
      ...callbacks,
      onSuccess: (...result) => {
        this.#stopWatching();
        this.#deliver({ position, request, init, callbacks, result });
      },
      onError: (error, loaded, details, stats) => {
        this.#stopWatching();
        callbacks.onError(error, loaded, details, stats);
      },
      onTimeout: (stats, loaded, details) => {
        this.#stopWatching();
        callbacks.onTimeout(stats, loaded, details);
      },
    });
  }

  /** Reports a loaded segment to its source and to hls.js, after prepending its init segment if it needs one. */
  #deliver({ position, request, init, callbacks, result }: LoadedResponse): void {
    const [response, stats, context, details] = result;
    const source = this.#source;
    const { size, region, exactSize } = request;
    const segment: LoadedSegment = { ...position, size, region, ...measureLoad(stats, details) };
    const succeed = () => {
      if (this.#call === null) return;
      if (isSuperseded(details)) source.onSuperseded();
      source.onLoaded(segment, exactSize);
      callbacks.onSuccess(response, stats, context, details);
    };
    if (init === null) {
      succeed();
      return;
    }
    prependInit(init, response).then(succeed, ({ status = 0 }) => {
      if (this.#call !== null)
        callbacks.onError({ code: status, text: "no init segment" }, context, details, stats);
    });
  }

  #checkProgress(): void {
    const { first } = this.stats.loading;
    if (this.context === null || this.#size === null || first === 0) return;
    const shouldAbandon = this.#source.shouldAbandon({
      size: this.#size,
      duration: this.context.frag.duration,
      bytesLoaded: this.stats.loaded,
      bytesTotal: this.stats.total,
      transferSeconds: (performance.now() - first) / 1000,
    });
    if (shouldAbandon) this.restart();
  }

  #stopWatching(): void {
    clearInterval(this.#progressTimer);
    this.#shared.inFlight.delete(this);
  }
}

/** Fills the placeholders in CMCD's `nor` (next object request), which hls.js copies unchanged from the playlist. */
const fillNextObject = (header: string, request: SegmentRequest): string =>
  header.replace(/\bnor="([^"]*)"/, (_match, url: string) => {
    return `nor="${encodeURIComponent(request.fillUrl(decodeURIComponent(url)))}"`;
  });

/**
 * Measures a finished download.
 *
 * @param details the XMLHttpRequest of the response
 */
function measureLoad(
  { loading: { start, first, end }, total }: LoaderStats,
  details: unknown,
): Pick<LoadedSegment, "bytes" | "seconds" | "waiting" | "server"> {
  const server = parseServerTiming(responseHeader(details, "server-timing") ?? null);
  return {
    bytes: total,
    seconds: (end - start) / 1000,
    waiting: (first - start) / 1000,
    ...(server === undefined ? {} : { server }),
  };
}
