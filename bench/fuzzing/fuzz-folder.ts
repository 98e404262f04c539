import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { randomAsset } from "../decoding/random-asset.js";
import { FRAME, NETWORK } from "../serving/video.js";

/** What a server did while hostile assets were in its folder. */
export interface FolderFuzzResult {
  readonly hostileAssets: number;
  /** Responses for good assets. */
  readonly goodResponses: number;
  /** Responses for hostile assets by status or error code. */
  readonly hostileOutcomes: Readonly<Record<string, number>>;
  /** Milliseconds in which `/healthz` answered, for 99 of 100 requests. */
  readonly healthP99Ms: number;
  /** Resident memory in MiB above the maximum before the hostile assets. */
  readonly memoryMiB: number;
  readonly faults: readonly string[];
}

export interface FolderFuzzOptions {
  /** Hostile assets by file name. */
  readonly assets: ReadonlyMap<string, Uint8Array>;
  /** Seconds of good requests before the hostile assets. */
  readonly quietSeconds: number;
  /** Seconds for all requests for hostile assets; those that run are aborted, and those that are left are not made. */
  readonly maxSeconds: number;
}

const GOOD_VIDEOS = ["good-0", "good-1"];
const GROUPS = 30;
/** Concurrent requests for good and for hostile assets. */
const VIEWERS = 2;
const VISITORS = 2;
const HEALTH_INTERVAL_MS = 20;
/** Milliseconds after which a viewer and a visitor make their next request. */
const VIEWER_PAUSE_MS = 100;
/** What is requested of each hostile asset. */
const PATHS = [
  "info.json",
  "master.m3u8",
  "elastic.m3u8",
  "full/16,16/frame-0.jpg",
  "full/64,/seg-0.m4s",
  "storyboard.vtt",
  "text-0.vtt",
  "audio-0/index.m3u8",
  "audio-0/seg-0.m4s",
];
/** Error codes of a server that works. */
const EXPECTED =
  /"code":"(bad-asset|truncated-asset|unsupported-version|corrupt-group|asset-incomplete|asset-replaced|busy|over-quota)"/;

/** Serves good assets, adds hostile ones to the folder, requests both, and measures. */
export async function fuzzFolder({
  assets,
  quietSeconds,
  maxSeconds,
}: FolderFuzzOptions): Promise<FolderFuzzResult> {
  const root = await mkdtemp(join(tmpdir(), "siedd-fuzz-"));
  const child = fork(new URL("./server.js", import.meta.url), [root], { serialization: "json" });
  const faults: string[] = [];
  try {
    const [{ url }] = (await once(child, "message")) as [{ url: string }];
    const good = randomAsset({
      network: NETWORK,
      frame: FRAME,
      tileWidth: 8,
      groups: GROUPS,
      frameCount: 10,
    });
    for (const id of GOOD_VIDEOS) await writeFile(join(root, `${id}.siedd`), good);
    const load = new GoodLoad(url, await countSegments(url), faults);
    await sleep(quietSeconds * 1000);
    const quietBytes = await maxMemory(child);
    load.health.length = 0;
    const hostileOutcomes = await requestHostile({ url, root, assets, maxSeconds, faults });
    const goodResponses = await load.stop();
    const times = load.health.sort((a, b) => a - b);
    return {
      hostileAssets: assets.size,
      goodResponses,
      hostileOutcomes,
      healthP99Ms: Math.round(times[Math.floor(0.99 * times.length)] ?? 0),
      memoryMiB: Math.round(((await maxMemory(child)) - quietBytes) / 2 ** 20),
      faults,
    };
  } finally {
    child.disconnect();
    await once(child, "exit");
    await rm(root, { recursive: true, force: true });
  }
}

async function maxMemory(child: ChildProcess): Promise<number> {
  child.send("memory");
  const [{ maxBytes }] = (await once(child, "message")) as [{ maxBytes: number }];
  return maxBytes;
}

/** Waits until the server serves the good assets, which are equal, and returns their number of segments. */
async function countSegments(url: string): Promise<number> {
  for (const id of GOOD_VIDEOS) {
    while ((await fetch(`${url}${id}/info.json`)).status !== 200) await sleep(100);
  }
  const info = (await (await fetch(`${url}${GOOD_VIDEOS[0]}/info.json`)).json()) as { segments: unknown[] };
  return info.segments.length;
}

/** Viewers that request segments and images which are in no cache, and a monitor that requests `/healthz`. */
class GoodLoad {
  /** Milliseconds of each response of `/healthz`. */
  readonly health: number[] = [];
  readonly #url: string;
  readonly #segments: number;
  readonly #faults: string[];
  readonly #loops: Promise<void>[];
  #responses = 0;
  #stopped = false;

  constructor(url: string, segments: number, faults: string[]) {
    this.#url = url;
    this.#segments = segments;
    this.#faults = faults;
    this.#loops = [this.#monitor(), ...Array.from({ length: VIEWERS }, (_, viewer) => this.#view(viewer))];
  }

  /** Ends the load and returns the number of responses for good assets. */
  async stop(): Promise<number> {
    this.#stopped = true;
    await Promise.all(this.#loops);
    return this.#responses;
  }

  async #monitor(): Promise<void> {
    while (!this.#stopped) {
      const started = performance.now();
      const response = await fetch(`${this.#url}healthz`);
      await response.arrayBuffer();
      this.health.push(performance.now() - started);
      if (response.status !== 200) this.#faults.push(`/healthz returned ${response.status}`);
      await sleep(HEALTH_INTERVAL_MS);
    }
  }

  async #view(viewer: number): Promise<void> {
    const headers = { "x-forwarded-for": `10.0.0.${viewer + 1}` };
    for (let i = 0; !this.#stopped; i++) {
      const segment = i % this.#segments;
      const width = 64 + 2 * ((viewer + VIEWERS * Math.floor(i / this.#segments)) % 128);
      const file = i % 4 === 3 ? `frame-${400 * segment}.jpg` : `seg-${segment}.m4s`;
      const path = `${GOOD_VIDEOS[viewer % GOOD_VIDEOS.length]}/full/${width},/${file}`;
      const response = await fetch(`${this.#url}${path}`, { headers });
      const body = await response.text();
      if (response.status === 200) this.#responses++;
      else this.#faults.push(`${path} returned ${response.status} ${body.slice(0, 200)}`);
      await sleep(VIEWER_PAUSE_MS);
    }
  }
}

interface HostileRequests {
  readonly url: string;
  readonly root: string;
  readonly assets: ReadonlyMap<string, Uint8Array>;
  readonly maxSeconds: number;
  readonly faults: string[];
}

/** Adds the hostile assets and requests all paths of each. Returns the number of responses by status or error code. */
async function requestHostile({
  url,
  root,
  assets,
  maxSeconds,
  faults,
}: HostileRequests): Promise<Record<string, number>> {
  for (const [name, bytes] of assets) await writeFile(join(root, name), bytes);
  const outcomes: Record<string, number> = {};
  const pending = [
    "",
    ...[...assets.keys()].flatMap((name) => PATHS.map((path) => `${name.replace(/\.siedd$/, "")}/${path}`)),
  ];
  const signal = AbortSignal.timeout(maxSeconds * 1000);
  const visit = async (visitor: number) => {
    const headers = { "x-forwarded-for": `10.1.0.${visitor + 1}`, accept: "application/json" };
    for (let path = pending.shift(); path !== undefined && !signal.aborted; path = pending.shift()) {
      const response = await fetchText(`${url}${path}`, { headers, signal });
      const { code } = response;
      outcomes[code] = (outcomes[code] ?? 0) + 1;
      if (response.status >= 500 && !EXPECTED.test(response.body))
        faults.push(`${path} returned ${response.status} ${response.body.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: VISITORS }, (_, visitor) => visit(visitor)));
  if (pending.length > 0) outcomes["not requested"] = pending.length;
  return outcomes;
}

/** Fetches a text. Its code is the error code or status, `ok`, or `aborted` if the signal ended the request. */
async function fetchText(url: string, init: RequestInit & { readonly signal: AbortSignal }) {
  try {
    const response = await fetch(url, init);
    const { status } = response;
    const body = await response.text();
    const code = status >= 400 ? (/"code":"([^"]*)"/.exec(body)?.[1] ?? `${status}`) : "ok";
    return { status, body, code };
  } catch (error) {
    if (!init.signal.aborted) throw error;
    return { status: 0, body: "", code: "aborted" };
  }
}
