import { type DecodeEngine, GpuEngine, KernelEngine } from "./decode-engines.js";
import type { WorkerRequest, WorkerResponse } from "./messages.js";

/** The part of DedicatedWorkerGlobalScope in use. The DOM types of this project are those of a page. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerRequest>) => void) | null;
  postMessage(response: WorkerResponse, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
const errorMessage = (error: unknown) => (error instanceof Error ? error.message : String(error));

let engine: DecodeEngine | undefined;
/** Resolves when all queued requests are done: they run one after the other. */
let queue: Promise<void> = Promise.resolve();

async function handle(message: WorkerRequest): Promise<void> {
  if (message.type === "open") {
    const { asset, allowSoftware = false } = message;
    try {
      engine =
        message.engine === "webgpu"
          ? await GpuEngine.create(asset, allowSoftware)
          : await KernelEngine.create(asset);
      scope.postMessage({ type: "ready" });
    } catch (error) {
      scope.postMessage({ type: "unusable", message: errorMessage(error) });
    }
  } else if (message.type === "load") engine?.load(message.group, message.payload);
  else if (message.type === "unload") engine?.unload(message.group);
  else if (engine !== undefined) {
    const { id, group, frame, viewport, draft, buffer } = message;
    try {
      const startedAt = performance.now();
      await engine.decode({ group, frame, viewport, draft }, new Uint8Array(buffer));
      const seconds = (performance.now() - startedAt) / 1000;
      scope.postMessage({ type: "decoded", id, buffer, seconds, engine: engine.name }, [buffer]);
    } catch (error) {
      scope.postMessage({ type: "failed", id, group, buffer, message: errorMessage(error) }, [buffer]);
    }
  }
}

scope.onmessage = ({ data }) => {
  queue = queue.then(() => handle(data));
};
