import type { TileDecoderAsset } from "../../codec/internal.js";
import { cannotDecode } from "../errors.js";
import type { WorkerEngine, WorkerOrder, WorkerReport } from "./messages.js";
import { WORKER_SOURCE } from "./worker-source.js";

/** Name of the worker's script beside the player's bundle; only that build defines it. */
declare const SIEDD_WORKER_FILE: string | undefined;

/**
 * Where the worker may come from, the best first: the file beside the player where that has the page's origin
 * (a page's policy then needs `worker-src 'self'` only), else the same script as a blob, which any origin may start.
 */
function* scripts(): Generator<{ readonly url: string; revoke(): void }> {
  // A plain script that a page has inlined has no address.
  if (typeof SIEDD_WORKER_FILE === "string" && import.meta.url !== "") {
    const url = new URL(SIEDD_WORKER_FILE, import.meta.url);
    if (url.origin === location.origin) yield { url: url.href, revoke() {} };
  }
  const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
  yield { url, revoke: () => URL.revokeObjectURL(url) };
}

/**
 * A worker that has compiled its kernel or shader. Rejects with PlayerError `not-supported` where the browser or the page's
 * policy refuses it, or with the signal's reason.
 */
export async function startWorker(
  asset: TileDecoderAsset,
  engine: WorkerEngine,
  signal: AbortSignal,
): Promise<Worker> {
  let refusal: unknown;
  for (const { url, revoke } of scripts()) {
    try {
      return await open(url, { type: "open", asset, engine }, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      refusal = error;
    } finally {
      revoke();
    }
  }
  throw cannotDecode(refusal);
}

function open(url: string, order: WorkerOrder, signal: AbortSignal): Promise<Worker> {
  signal.throwIfAborted();
  const worker = new Worker(url);
  return new Promise((resolve, reject) => {
    const listening = new AbortController();
    const fail = (reason: unknown) => {
      listening.abort();
      worker.terminate();
      reject(reason);
    };
    const options = { signal: listening.signal };
    worker.addEventListener(
      "message",
      ({ data }: MessageEvent<WorkerReport>) => {
        if (data.type === "ready") {
          listening.abort();
          resolve(worker);
        } else if (data.type === "unusable") fail(new Error(data.message));
      },
      options,
    );
    worker.addEventListener("error", (event) => fail(new Error(event.message || "refused")), options);
    signal.addEventListener("abort", () => fail(signal.reason), options);
    worker.postMessage(order);
  });
}
