import type { TileDecoderAsset } from "../../codec/internal.js";
import { cannotDecode } from "../errors.js";
import type { EngineName, WorkerRequest, WorkerResponse } from "./messages.js";
import { trustedScriptUrl } from "./trusted-script-url.js";
import { WORKER_SOURCE } from "./worker-source.js";

/** Name of the worker's script beside the player's bundle; only that build defines it. */
declare const SIEDD_WORKER_FILE: string | undefined;

/**
 * Yields the URLs of the worker's script, the best first: the file beside the player if it has the page's origin (a CSP
 * then needs only `worker-src 'self'`), else the same script as a blob, which any origin may start.
 */
function* workerScripts(): Generator<{ readonly url: string; revoke(): void }> {
  // A classic script inlined in a page has no URL.
  if (typeof SIEDD_WORKER_FILE === "string" && import.meta.url !== "") {
    const url = new URL(SIEDD_WORKER_FILE, import.meta.url);
    if (url.origin === location.origin) yield { url: url.href, revoke() {} };
  }
  const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: "text/javascript" }));
  yield { url, revoke: () => URL.revokeObjectURL(url) };
}

/**
 * Starts a worker and waits until it has compiled its kernel or shader.
 *
 * @throws PlayerError `not-supported` if the browser or the page's CSP refuses it, or the signal's reason
 */
export async function startWorker(
  asset: TileDecoderAsset,
  engine: EngineName,
  signal: AbortSignal,
): Promise<Worker> {
  let failure: unknown;
  for (const { url, revoke } of workerScripts()) {
    try {
      return await openWorker(url, { type: "open", asset, engine }, signal);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      failure = error;
    } finally {
      revoke();
    }
  }
  throw cannotDecode(failure);
}

function openWorker(url: string, request: WorkerRequest, signal: AbortSignal): Promise<Worker> {
  signal.throwIfAborted();
  const worker = new Worker(trustedScriptUrl(url));
  return new Promise((resolve, reject) => {
    const listeners = new AbortController();
    const fail = (reason: unknown) => {
      listeners.abort();
      worker.terminate();
      reject(reason);
    };
    const options = { signal: listeners.signal };
    worker.addEventListener(
      "message",
      ({ data }: MessageEvent<WorkerResponse>) => {
        if (data.type === "ready") {
          listeners.abort();
          resolve(worker);
        } else if (data.type === "unusable") fail(new Error(data.message));
      },
      options,
    );
    worker.addEventListener(
      "error",
      (event) => fail(new Error(event.message || "the worker's script was refused")),
      options,
    );
    signal.addEventListener("abort", () => fail(signal.reason), options);
    worker.postMessage(request);
  });
}
