import assert from "node:assert/strict";
import { before, test } from "node:test";
import { memorySource, openAsset } from "../../../../codec/internal.js";
import { DecodeWorkers } from "../../../../player/direct/decode-workers.js";
import type { WorkerRequest, WorkerResponse } from "../../../../player/direct/messages.js";
import { syntheticAsset } from "../../../support/synthetic-asset.js";

const JOB = {
  group: 0,
  frame: 0,
  viewport: { region: { x: 0, y: 0, width: 320, height: 180 }, width: 32, height: 18 },
};

/** A worker that starts, and then decodes nothing until the test responds for it. */
class FakeWorker extends EventTarget {
  static readonly all: FakeWorker[] = [];
  onmessage: ((event: { data: WorkerResponse }) => void) | null = null;
  onerror: ((event: { message: string }) => void) | null = null;
  terminated = false;
  #request: Extract<WorkerRequest, { type: "decode" }> | null = null;

  constructor() {
    super();
    FakeWorker.all.push(this);
  }

  get busy(): boolean {
    return this.#request !== null;
  }

  postMessage(request: WorkerRequest): void {
    if (request.type === "open")
      queueMicrotask(() => this.dispatchEvent(new MessageEvent("message", { data: { type: "ready" } })));
    if (request.type === "decode") this.#request = request;
  }

  respond(): void {
    const { id, buffer } = this.#request!;
    this.#request = null;
    this.onmessage?.({ data: { type: "decoded", id, buffer, seconds: 0.01, engine: "kernel" } });
  }

  crash(): void {
    this.onerror?.({ message: "out of memory" });
  }

  terminate(): void {
    this.terminated = true;
  }
}

before(() => {
  for (const [name, value] of Object.entries({ Worker: FakeWorker, navigator: { hardwareConcurrency: 3 } }))
    Object.defineProperty(globalThis, name, { value, configurable: true });
});

test("a crashed worker rejects its job and is removed, and the others keep decoding", async () => {
  const asset = await openAsset(memorySource(syntheticAsset({ groups: [2] })));
  if (asset.profile !== "tile") throw new Error("expected the tile profile");
  const payload = await asset.readGroup(0);
  const workers = await DecodeWorkers.start(asset, () => payload, new AbortController().signal);
  assert.deepEqual([workers.count, workers.idleCount], [2, 2]);

  const crashing = workers.decode(JOB);
  const surviving = workers.decode(JOB);
  assert.equal(workers.idleCount, 0);
  const [first, second] = FakeWorker.all as [FakeWorker, FakeWorker];
  first.crash();
  await assert.rejects(crashing, /^Error: out of memory$/);
  assert.equal(first.terminated, true);
  assert.deepEqual([workers.count, workers.idleCount], [1, 0]);

  second.respond();
  assert.equal((await surviving).pixels.length, 32 * 18 * 4);
  assert.equal(workers.idleCount, 1);
  const next = workers.decode(JOB);
  assert.equal(second.busy, true, "the next job goes to the remaining worker");
  second.respond();
  await next;
  workers.destroy();
  assert.equal(second.terminated, true);
});
