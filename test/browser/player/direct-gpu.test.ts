import assert from "node:assert/strict";
import { test } from "node:test";
import { KernelDecoder, memorySource, openAsset, type Viewport } from "../../../codec/internal.js";
import type { WorkerRequest, WorkerResponse } from "../../../player/direct/messages.js";
import { launchBrowser } from "../../support/browser.js";
import { TEST_TIMEOUT_MS } from "../../support/player-stage.js";
import { testServer } from "../../support/running-server.js";
import { type SyntheticOptions, syntheticAsset } from "../../support/synthetic-asset.js";

const SMALL = { width: 160, height: 90, groups: [6] };
declare global {
  interface Window {
    /** Crashes the browser's GPU process. */
    crashGpu(): Promise<void>;
  }
}

/** Videos that cover all network parameters of the shader. */
const VIDEOS: readonly SyntheticOptions[] = [
  { ...SMALL, widths: [0, 4, 8, 12, 16, 24, 32] },
  { ...SMALL, encoderWidth: 24, hiddenLayers: 1, tileWidth: 16, overlap: 0 },
  { ...SMALL, groups: [6, 6], spans: [{ group: 0, level: 1, tiles: [0, 2, 5] }], widths: [8, 4] },
  { ...SMALL, hiddenLayers: 3, tileWidth: 16, overlap: 1 },
];
const fullRegion = { x: 0, y: 0, width: 160, height: 90 };
/** The source size, an enlargement, a region, and reductions, which average samples. */
const JOBS: readonly {
  readonly frame: number;
  readonly viewport: Viewport;
  readonly draft?: boolean;
}[] = [
  { frame: 0, viewport: { region: fullRegion, width: 160, height: 90 } },
  { frame: 5, viewport: { region: fullRegion, width: 230, height: 130 } },
  { frame: 2, viewport: { region: { x: 33.5, y: 20, width: 41, height: 30 }, width: 120, height: 88 } },
  { frame: 3, viewport: { region: fullRegion, width: 80, height: 45 } },
  { frame: 4, viewport: { region: fullRegion, width: 60, height: 34 }, draft: true },
  { frame: 1, viewport: { region: fullRegion, width: 39, height: 22 } },
];

test("the WebGPU shader matches the kernel within 2 of 255, and the kernel takes over when the GPU is lost", {
  timeout: TEST_TIMEOUT_MS,
}, async (t) => {
  const server = await testServer(t, {});
  const browser = await launchBrowser("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader");
  t.after(() => browser.close());
  const page = await browser.newPage();
  const control = await browser.newBrowserCDPSession();
  await page.exposeFunction("crashGpu", () => control.send("Browser.crashGpuProcess"));
  await page.goto(`${server.url}healthz`);
  for (const options of VIDEOS) {
    const asset = await openAsset(memorySource(syntheticAsset(options)));
    assert.equal(asset.profile, "tile");
    if (asset.profile !== "tile") return;
    // The last group may need spans of an earlier one.
    const index = asset.groups.length - 1;
    const payload = await asset.readGroup(index);
    const decoder = await KernelDecoder.create(asset);
    const group = decoder.loadGroup(index, payload);
    const { network, encoder, width, height, groups } = asset;
    const video = {
      asset: { profile: "tile", network, width, height, groups },
      weights: [...encoder.weights],
      bias: [...encoder.bias],
      payload: [...payload],
      index,
    } as const;
    // Only for the last video: after a crash of the GPU process the browser has no adapter for a while.
    const crash = options === VIDEOS.at(-1);
    const frames = await page.evaluate(
      async ({ video, jobs, url, crash }) => {
        const worker = new Worker(url);
        const nextResponse = () =>
          new Promise<WorkerResponse>((resolve) => {
            worker.onmessage = ({ data }) => resolve(data);
          });
        const send = (request: WorkerRequest) => worker.postMessage(request);
        const encoder = {
          weights: Float32Array.from(video.weights),
          bias: Float32Array.from(video.bias),
        };
        const ready = nextResponse();
        send({ type: "open", asset: { ...video.asset, encoder }, engine: "webgpu", allowSoftware: true });
        const opened = await ready;
        if (opened.type !== "ready") throw new Error(JSON.stringify(opened));
        send({ type: "load", group: video.index, payload: Uint8Array.from(video.payload) });
        const frames: { pixels: number[]; engine: string }[] = [];
        for (const [id, { frame, viewport, draft = false }] of jobs.entries()) {
          if (crash && id === jobs.length - 1) await window.crashGpu();
          const responded = nextResponse();
          const buffer = new ArrayBuffer(viewport.width * viewport.height * 4);
          send({ type: "decode", id, group: video.index, frame, viewport, draft, buffer });
          const response = await responded;
          if (response.type !== "decoded") throw new Error(JSON.stringify(response));
          frames.push({ pixels: Array.from(new Uint8Array(response.buffer)), engine: response.engine });
        }
        worker.terminate();
        return frames;
      },
      { video, jobs: JOBS, url: `${server.url}player/siedd-decoder.js`, crash },
    );
    for (const [i, { frame, viewport, draft }] of JOBS.entries()) {
      const expected = new Uint8Array(viewport.width * viewport.height * 4);
      if (draft) decoder.draftRgba(group, frame, viewport, expected);
      else decoder.decodeRgba(group, frame, viewport, expected);
      const maxError = expected.reduce(
        (max, value, index) => Math.max(max, Math.abs(value - frames[i]!.pixels[index]!)),
        0,
      );
      assert.equal(frames[i]!.engine, crash && i === JOBS.length - 1 ? "kernel" : "webgpu");
      assert.ok(
        maxError <= 2,
        `${JSON.stringify({ options, frame, viewport })}: a sample differs by ${maxError}`,
      );
    }
  }
});
