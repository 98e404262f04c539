import assert from "node:assert/strict";
import { test } from "node:test";
import { KernelDecoder, memorySource, openAsset, type Viewport } from "../../../codec/internal.js";
import type { WorkerOrder, WorkerReport } from "../../../player/direct/messages.js";
import { launchBrowser } from "../../support/browser.js";
import { PATIENCE } from "../../support/player-stage.js";
import { testServer } from "../../support/running-server.js";
import { type SyntheticOptions, syntheticAsset } from "../../support/synthetic-asset.js";

const SMALL = { width: 160, height: 90, groups: [6] };
declare global {
  interface Window {
    /** Ends the browser's GPU process. */
    loseGpu(): Promise<void>;
  }
}

/** Videos whose networks differ in all that the shader must know. */
const VIDEOS: readonly SyntheticOptions[] = [
  { ...SMALL, widths: [0, 4, 8, 12, 16, 24, 32] },
  { ...SMALL, encoderWidth: 24, hiddenLayers: 1, tileWidth: 16, overlap: 0 },
  { ...SMALL, hiddenLayers: 3, tileWidth: 16, overlap: 1 },
];
const whole = { x: 0, y: 0, width: 160, height: 90 };
/** At its own size, enlarged, in part, and made smaller, where samples are averaged. */
const REQUESTS: readonly {
  readonly frame: number;
  readonly request: Viewport;
  readonly draft?: boolean;
}[] = [
  { frame: 0, request: { region: whole, width: 160, height: 90 } },
  { frame: 5, request: { region: whole, width: 230, height: 130 } },
  { frame: 2, request: { region: { x: 33.5, y: 20, width: 41, height: 30 }, width: 120, height: 88 } },
  { frame: 3, request: { region: whole, width: 80, height: 45 } },
  { frame: 4, request: { region: whole, width: 60, height: 34 }, draft: true },
  { frame: 1, request: { region: whole, width: 39, height: 22 } },
];

test("the WebGPU shader agrees with the kernel within 2 of 255, and hands over to it when the GPU goes", {
  timeout: PATIENCE,
}, async (t) => {
  const server = await testServer(t, {});
  const browser = await launchBrowser("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader");
  t.after(() => browser.close());
  const page = await browser.newPage();
  const control = await browser.newBrowserCDPSession();
  await page.exposeFunction("loseGpu", () => control.send("Browser.crashGpuProcess"));
  await page.goto(`${server.url}healthz`);
  for (const options of VIDEOS) {
    const asset = await openAsset(memorySource(syntheticAsset(options)));
    assert.equal(asset.profile, "tile");
    if (asset.profile !== "tile") return;
    const payload = await asset.readGroup(0);
    const decoder = await KernelDecoder.create(asset);
    const group = decoder.loadGroup(0, payload);
    const { network, encoder, width, height, groups } = asset;
    const video = {
      asset: { profile: "tile", network, width, height, groups },
      weights: [...encoder.weights],
      bias: [...encoder.bias],
      payload: [...payload],
    } as const;
    // A browser whose GPU process has ended has no adapter for a while.
    const lose = options === VIDEOS.at(-1);
    const frames = await page.evaluate(
      async ({ video, requests, url, lose }) => {
        const worker = new Worker(url);
        const next = () =>
          new Promise<WorkerReport>((resolve) => {
            worker.onmessage = ({ data }) => resolve(data);
          });
        const send = (order: WorkerOrder) => worker.postMessage(order);
        const encoder = {
          weights: Float32Array.from(video.weights),
          bias: Float32Array.from(video.bias),
        };
        const ready = next();
        send({ type: "open", asset: { ...video.asset, encoder }, engine: "webgpu", allowSoftware: true });
        const opened = await ready;
        if (opened.type !== "ready") throw new Error(JSON.stringify(opened));
        send({ type: "load", group: 0, payload: Uint8Array.from(video.payload) });
        const all: { pixels: number[]; engine: string }[] = [];
        for (const [id, { frame, request, draft = false }] of requests.entries()) {
          if (lose && id === requests.length - 1) await window.loseGpu();
          const reported = next();
          const buffer = new ArrayBuffer(request.width * request.height * 4);
          send({ type: "decode", id, group: 0, frame, request, draft, buffer });
          const report = await reported;
          if (report.type !== "decoded") throw new Error(JSON.stringify(report));
          all.push({ pixels: Array.from(new Uint8Array(report.buffer)), engine: report.engine });
        }
        worker.terminate();
        return all;
      },
      { video, requests: REQUESTS, url: `${server.url}player/siedd-decoder.js`, lose },
    );
    for (const [i, { frame, request, draft }] of REQUESTS.entries()) {
      const expected = new Uint8Array(request.width * request.height * 4);
      if (draft) decoder.draftRgba(group, frame, request, expected);
      else decoder.decodeRgba(group, frame, request, expected);
      const max = expected.reduce(
        (worst, value, at) => Math.max(worst, Math.abs(value - frames[i]!.pixels[at]!)),
        0,
      );
      assert.equal(frames[i]!.engine, lose && i === REQUESTS.length - 1 ? "kernel" : "webgpu");
      assert.ok(max <= 2, `${JSON.stringify({ options, frame, request })}: a pixel is ${max} off`);
    }
  }
});
