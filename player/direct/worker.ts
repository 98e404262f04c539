import type { WorkerOrder, WorkerReport } from "./messages.js";
import { type Engine, GpuEngine, KernelEngine } from "./worker-decoder.js";

/** The part of a dedicated worker's scope that is used: the library of types here is that of a page. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerOrder>) => void) | null;
  postMessage(report: WorkerReport, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
const sentence = (error: unknown) => (error instanceof Error ? error.message : String(error));

let engine: Engine | undefined;
/** Orders are obeyed one after the other. */
let last: Promise<void> = Promise.resolve();

async function obey(order: WorkerOrder): Promise<void> {
  if (order.type === "open") {
    const { asset, allowSoftware = false } = order;
    try {
      engine =
        order.engine === "webgpu"
          ? await GpuEngine.create(asset, allowSoftware)
          : await KernelEngine.create(asset);
      scope.postMessage({ type: "ready" });
    } catch (error) {
      scope.postMessage({ type: "unusable", message: sentence(error) });
    }
  } else if (order.type === "load") engine?.load(order.group, order.payload);
  else if (order.type === "forget") engine?.forget(order.group);
  else if (engine !== undefined) {
    const { id, group, frame, request, draft, buffer } = order;
    try {
      const started = performance.now();
      await engine.decode({ group, frame, request, draft }, new Uint8Array(buffer));
      const seconds = (performance.now() - started) / 1000;
      scope.postMessage({ type: "decoded", id, buffer, seconds, engine: engine.name }, [buffer]);
    } catch (error) {
      scope.postMessage({ type: "failed", id, group, buffer, message: sentence(error) }, [buffer]);
    }
  }
}

scope.onmessage = ({ data }) => {
  last = last.then(() => obey(data));
};
