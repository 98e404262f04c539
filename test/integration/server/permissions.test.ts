import assert from "node:assert/strict";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { EncodeState } from "../../../protocol/encode-state.js";
import type { Action, ServeOptions } from "../../../server/index.js";
import { ffmpeg, lavfi } from "../../support/odd-videos.js";
import { type TestServer, testServer } from "../../support/running-server.js";
import { waitUntil } from "../../support/wait-until.js";

const SMALL = { width: 64, height: 36, groups: [2] };
const LOCAL = { host: "localhost:8080" };

interface Sent {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly remoteAddress?: string;
}

/** Sends a request as if from an address, and returns its status and error code. */
async function send({ app }: TestServer, url: string, sent: Sent = {}): Promise<readonly [number, string?]> {
  const { method = "GET", headers = LOCAL, remoteAddress = "127.0.0.1" } = sent;
  const { statusCode, body } = await app.inject({
    method,
    url,
    headers: { ...LOCAL, ...headers },
    remoteAddress,
  });
  return statusCode < 400 ? [statusCode] : [statusCode, JSON.parse(body).error.code];
}

const DENIED = [403, "not-authorized"];

test("without authorize, only the same machine reads statistics, and no page of another origin", async (t) => {
  const server = await testServer(t, { video: SMALL });
  for (const url of ["/stats.json", "/metrics"]) {
    assert.deepEqual(await send(server, url), [200], url);
    for (const remoteAddress of ["::1", "::ffff:127.0.0.1", "127.1.2.3"]) {
      assert.deepEqual(await send(server, url, { remoteAddress }), [200], remoteAddress);
    }
    for (const host of ["127.0.0.1:8080", "[::1]:8080", "LOCALHOST", "siedd.localhost:80"]) {
      assert.deepEqual(await send(server, url, { headers: { host } }), [200], host);
    }
    for (const remoteAddress of ["192.168.0.7", "10.0.0.1", "2001:db8::1", "::ffff:192.168.0.7"]) {
      assert.deepEqual(await send(server, url, { remoteAddress }), DENIED, remoteAddress);
    }
    const foreign: readonly Readonly<Record<string, string>>[] = [
      { host: "evil.example" },
      { host: "localhost.evil.example:8080" },
      { host: "127.0.0.1.evil.example" },
      { "x-forwarded-for": "127.0.0.1" },
      { "x-forwarded-proto": "https" },
      { forwarded: "for=127.0.0.1" },
      { via: "1.1 proxy" },
      { "x-real-ip": "127.0.0.1" },
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "http://localhost:9999" },
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors" },
      { "sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors" },
    ];
    for (const headers of foreign) {
      assert.deepEqual(await send(server, url, { headers }), DENIED, JSON.stringify(headers));
    }
    const opened = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    assert.deepEqual(await send(server, url, { headers: opened }), [200], "a link may open it");
  }
  const remote = { remoteAddress: "192.168.0.7", headers: { host: "videos.example" } };
  for (const url of ["/", "/video/info.json", "/healthz", "/readyz", "/player/siedd-player.js"]) {
    assert.deepEqual(await send(server, url, remote), [200], url);
  }
  const open = await testServer(t, { video: SMALL }, { metrics: "public" });
  assert.deepEqual(await send(open, "/metrics", remote), [200]);
  assert.deepEqual(await send(open, "/player/encode/pause/video", { ...remote, method: "POST" }), DENIED);
});

test("authorize decides about each action: operating takes true, viewing also undefined", async (t) => {
  const calls: [string | undefined, Action][] = [];
  const authorize: ServeOptions["authorize"] = ({ headers }, video, action) => {
    calls.push([video?.id, action]);
    if (headers.authorization === "Bearer monitoring") return true;
    if (headers.authorization === "Bearer wrong") return 401;
    return headers.authorization === "Bearer nobody" ? false : undefined;
  };
  const server = await testServer(t, { video: SMALL }, { authorize });
  const remote = (token: string): Sent => ({
    remoteAddress: "192.168.0.7",
    headers: { host: "videos.example", authorization: `Bearer ${token}` },
  });
  assert.deepEqual(await send(server, "/metrics", remote("monitoring")), [200]);
  assert.deepEqual(await send(server, "/metrics", remote("wrong")), [401, "not-authorized"]);
  assert.deepEqual(await send(server, "/metrics", remote("viewer")), DENIED);
  assert.deepEqual(await send(server, "/video/info.json", remote("viewer")), [200]);
  assert.deepEqual(await send(server, "/metrics"), [200]);
  const local = { headers: { authorization: "Bearer nobody" } };
  assert.deepEqual(await send(server, "/metrics", local), DENIED);
  const pause = "/player/encode/pause/video";
  assert.deepEqual(await send(server, pause, { ...remote("monitoring"), method: "POST" }), [
    409,
    "cannot-encode",
  ]);
  assert.deepEqual(calls.slice(0, 1), [[undefined, "operate"]]);
  assert.deepEqual(calls.slice(3, 4), [["video", "view"]]);
  assert.deepEqual(calls.at(-1), ["video", "operate"]);
});

test("writes are accepted from this machine and this origin only, and name what is wrong", async (t) => {
  const server = await testServer(t, { video: SMALL }, { encode: "eager" });
  const post = (url: string, headers: Readonly<Record<string, string>> = {}) =>
    send(server, url, { method: "POST", headers });
  const pause = "/player/encode/pause/video";
  assert.deepEqual(await post(pause), [409, "cannot-encode"]);
  assert.deepEqual(await post(pause, { origin: "http://localhost:8080", "sec-fetch-site": "same-origin" }), [
    409,
    "cannot-encode",
  ]);
  for (const headers of [
    { origin: "https://evil.example" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  ] as readonly Readonly<Record<string, string>>[]) {
    assert.deepEqual(await post(pause, headers), [403, "cross-origin"], JSON.stringify(headers));
  }
  assert.deepEqual(await post(pause, { "x-forwarded-for": "192.168.0.7" }), DENIED);
  assert.deepEqual(await post("/player/encode/pause/none"), [404, "unknown-asset"]);
  assert.deepEqual(await post("/player/encode/explode/video"), [404, "not-found"]);
  assert.deepEqual(await post("/player/encode/reencode/video?preset=huge"), [400, "bad-preset"]);
  for (const url of ["/", "/video/info.json", "/player/encode/pause", "/player/video/video"]) {
    assert.deepEqual(await post(url), [405, "method-not-allowed"], url);
  }
});

test("an operator pauses, resumes and cancels an encode, and encodes again with another preset", async (t) => {
  const encodeOptions = { preset: "balanced", workers: 1 } as const;
  const server = await testServer(t, {}, { encode: "eager", encodeOptions });
  const source = join(server.root, "clip.mp4");
  await ffmpeg(...lavfi("testsrc2=s=64x36:r=12:d=1"), "-pix_fmt", "yuv420p", source);
  // A source that has just changed may still be copied.
  await utimes(source, new Date(2026, 0, 1), new Date(2026, 0, 1));
  interface Listed {
    readonly backend: string;
    readonly encoding?: EncodeState;
  }
  const listed = async (): Promise<Listed> => JSON.parse((await server.get("")).text).assets[0];
  const control = async (action: string, query = ""): Promise<Listed> => {
    const response = await server.get(`player/encode/${action}/clip${query}`, { method: "POST" });
    assert.equal(response.status, 200, response.text);
    return JSON.parse(response.text);
  };
  const isTraining = async () => (await listed()).encoding?.state === "training";
  await waitUntil(isTraining, "the encode starts");
  assert.equal((await control("pause")).encoding?.state, "paused");
  assert.equal((await listed()).encoding?.state, "paused");
  await control("resume");
  await waitUntil(isTraining, "the encode goes on");
  assert.equal((await control("cancel")).encoding?.state, "canceled");
  assert.equal((await listed()).encoding?.state, "canceled");
  const versions = new Set<string>();
  for (const preset of ["draft", "fast"]) {
    const { encoding } = await control("reencode", `?preset=${preset}`);
    assert.ok(encoding?.state === "waiting" || encoding?.state === "training", encoding?.state);
    const isEncoded = async () => {
      const { backend, encoding: rest } = await listed();
      return backend === "asset" && rest === undefined;
    };
    await waitUntil(isEncoded, `the encode with ${preset} ends`);
    versions.add(JSON.parse((await server.get("clip/info.json")).text).v);
  }
  assert.equal(versions.size, 2, "the second preset replaces the asset");
});
