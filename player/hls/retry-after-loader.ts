import type {
  FragmentLoaderConstructor,
  FragmentLoaderContext,
  HlsConfig,
  Loader,
  LoaderCallbacks,
  LoaderConfiguration,
} from "hls.js";
import Hls from "hls.js";
import { retryAfter } from "./retry-after.js";

const DefaultLoader = Hls.DefaultConfig.loader as unknown as new (
  config: HlsConfig,
) => Loader<FragmentLoaderContext>;

/** Milliseconds after which hls.js first asks again for what could not be had. */
export const FIRST_RETRY = 500;

/**
 * The default loader, with two kinds of patience.
 *
 * A busy server is asked again no sooner than it wants: hls.js 1.7 does not read Retry-After, so it hears of the refusal
 * that much later, and still counts how often it was refused.
 *
 * An init segment on its way is not aborted. hls.js 1.7 does so whenever it turns to another segment, and the abort it
 * hears of ends that other segment: after quick seeks the two go on ending one another.
 */
export class RetryAfterLoader extends DefaultLoader {
  #wait: ReturnType<typeof setTimeout> | undefined;

  override load(
    context: FragmentLoaderContext,
    config: LoaderConfiguration,
    callbacks: LoaderCallbacks<FragmentLoaderContext>,
  ): void {
    super.load(context, config, {
      ...callbacks,
      onError: (error, loaded, request, stats) => {
        const wait = error.code === 503 ? 1000 * retryAfter(request) - FIRST_RETRY : 0;
        const tell = () => callbacks.onError(error, loaded, request, stats);
        if (wait > 0) this.#wait = setTimeout(tell, wait);
        else tell();
      },
    });
  }

  override abort(): void {
    if (isInit(this.context)) return;
    clearTimeout(this.#wait);
    super.abort();
  }

  override destroy(): void {
    clearTimeout(this.#wait);
    super.destroy();
  }
}

const isInit = (context: FragmentLoaderContext | null): boolean => context?.frag?.sn === "initSegment";

export const retryAfterLoader = RetryAfterLoader as unknown as FragmentLoaderConstructor;
