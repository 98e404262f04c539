import type { FragmentLoaderContext, HlsConfig, Loader, LoaderCallbacks, LoaderConfiguration } from "hls.js";
import Hls from "hls.js";
import { retryAfter } from "./retry-after.js";

const DefaultLoader = Hls.DefaultConfig.loader as unknown as new (
  config: HlsConfig,
) => Loader<FragmentLoaderContext>;

/** Delay before hls.js's first retry of a failed request, in milliseconds. */
export const FIRST_RETRY_MS = 500;

/**
 * hls.js's default loader with two fixes.
 *
 * - hls.js 1.7 does not read Retry-After. On status 503 this loader delays the error by the requested time, so that
 *   hls.js does not retry earlier and still counts its retries.
 * - Init segments in flight are not aborted. hls.js 1.7 aborts them whenever it switches to another segment, and the
 *   abort then also cancels that segment: after quick seeks the two keep canceling each other.
 */
export class RetryAfterLoader extends DefaultLoader {
  #timer: ReturnType<typeof setTimeout> | undefined;

  override load(
    context: FragmentLoaderContext,
    config: LoaderConfiguration,
    callbacks: LoaderCallbacks<FragmentLoaderContext>,
  ): void {
    super.load(context, config, {
      ...callbacks,
      onError: (error, loaded, request, stats) => {
        const delay = error.code === 503 ? 1000 * retryAfter(request) - FIRST_RETRY_MS : 0;
        const report = () => callbacks.onError(error, loaded, request, stats);
        if (delay > 0) this.#timer = setTimeout(report, delay);
        else report();
      },
    });
  }

  override abort(): void {
    if (isInit(this.context)) return;
    clearTimeout(this.#timer);
    super.abort();
  }

  override destroy(): void {
    clearTimeout(this.#timer);
    super.destroy();
  }
}

const isInit = (context: FragmentLoaderContext | null): boolean => context?.frag?.sn === "initSegment";
