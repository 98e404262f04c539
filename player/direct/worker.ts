import { type LoadedGroup, PictureDecoder } from "../../codec/picture/decoder.js";
import type { WorkerOrder, WorkerReport } from "./messages.js";

/** The part of a dedicated worker's scope that is used: the library of types here is that of a page. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<WorkerOrder>) => void) | null;
  postMessage(report: WorkerReport, transfer?: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
const sentence = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** A group, or why it cannot be decoded: told when a frame of it is asked for. */
const groups = new Map<number, LoadedGroup | Error>();
let decoder: PictureDecoder | undefined;
/** Orders wait until the kernel is compiled. */
let opened: Promise<void> = Promise.resolve();

function obey(order: Exclude<WorkerOrder, { type: "open" }>): void {
  if (decoder === undefined) return;
  if (order.type === "load") {
    try {
      groups.set(order.group, decoder.loadGroup(order.group, order.payload));
    } catch (error) {
      groups.set(order.group, error instanceof Error ? error : new Error(String(error)));
    }
    return;
  }
  if (order.type === "forget") {
    groups.delete(order.group);
    return;
  }
  const { id, group, frame, request, buffer } = order;
  try {
    const loaded = groups.get(group);
    if (loaded === undefined) throw new Error(`group ${group} was not loaded`);
    if (loaded instanceof Error) throw loaded;
    const started = performance.now();
    decoder.decodeRgba(loaded, frame, request, new Uint8Array(buffer));
    const seconds = (performance.now() - started) / 1000;
    scope.postMessage({ type: "decoded", id, buffer, seconds }, [buffer]);
  } catch (error) {
    scope.postMessage({ type: "failed", id, group, buffer, message: sentence(error) }, [buffer]);
  }
}

scope.onmessage = ({ data }) => {
  if (data.type === "open") {
    opened = PictureDecoder.create(data.asset).then(
      (created) => {
        decoder = created;
        scope.postMessage({ type: "ready" });
      },
      (error) => scope.postMessage({ type: "unusable", message: sentence(error) }),
    );
    return;
  }
  if (decoder === undefined) void opened.then(() => obey(data));
  else obey(data);
};
