import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { type Action, type ServeOptions, serve } from "../../../server/index.js";
import { ffmpeg, lavfi } from "../../support/odd-videos.js";
import { type TestServer, testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { removeFolder, tempFolder } from "../../support/temp-folder.js";
import { uploadFile } from "../../support/upload-client.js";
import { waitUntil } from "../../support/wait-until.js";

const TUS = { "tus-resumable": "1.0.0" };
const BYTES = { ...TUS, "content-type": "application/offset+octet-stream" };
const COMMAND = join(import.meta.dirname, "../../../cli/main.js");

let folder: string;
let video: string;
let content: Buffer;

after(() => removeFolder(folder));

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
  video = join(folder, "clip.mp4");
  await ffmpeg(...lavfi("testsrc=s=64x36:r=8:d=1"), "-c:v", "libx264", "-pix_fmt", "yuv420p", video);
  content = await readFile(video);
});

const uploadServer = (t: TestContext, options: Partial<ServeOptions> = {}): Promise<TestServer> =>
  testServer(t, {}, { upload: true, ...options });

/** Returns the visible names in a folder. */
const namesIn = async (path: string): Promise<string[]> =>
  (await readdir(path)).filter((name) => !name.startsWith(".")).sort();

const uploadsOf = (root: string): string => join(root, ".siedd/uploads");

const metadata = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString("base64")}`)
    .join(",");

/** Requests the start of an upload. */
const requestStart = (url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(new URL("player/upload", url), {
    method: "POST",
    headers: {
      ...TUS,
      "upload-length": `${content.length}`,
      "upload-metadata": metadata({ filename: "clip.mp4" }),
      ...headers,
    },
  });

/** Starts an upload, and returns the URL for its bytes. */
async function start(url: string): Promise<URL> {
  const response = await requestStart(url);
  assert.equal(response.status, 201, await response.text());
  return new URL(response.headers.get("location") ?? "", new URL("player/upload", url));
}

const errorOf = async (response: Response): Promise<readonly [number, string, string]> => {
  const { error } = JSON.parse(await response.text());
  return [response.status, error.code, error.message];
};

const sendBytes = (url: URL, bytes: Uint8Array, offset = 0): Promise<Response> =>
  fetch(url, {
    method: "PATCH",
    headers: { ...BYTES, "upload-offset": `${offset}` },
    body: bytes as BodyInit,
  });

/** Sends the first bytes of an upload, and cuts the connection when the server has written them. */
async function sendPart(url: URL, bytes: Uint8Array, root: string): Promise<void> {
  const headers = { ...BYTES, "upload-offset": "0", "content-length": `${content.length}` };
  const request = httpRequest(url, { method: "PATCH", headers });
  request.on("error", () => {});
  request.write(bytes);
  const path = join(uploadsOf(root), url.pathname.split("/").at(-1) ?? "");
  await waitUntil(async () => (await stat(path)).size === bytes.length, "the bytes are written");
  request.destroy();
}

const stateOf = (url: URL): Promise<Response> => fetch(url, { method: "HEAD", headers: TUS });
const offsetOf = async (url: URL): Promise<string | null> =>
  (await stateOf(url)).headers.get("upload-offset");

test("an upload appears in its folder, plays, and leaves no unfinished files", async (t) => {
  const server = await uploadServer(t);
  await mkdir(join(server.root, "series"));
  assert.deepEqual(await uploadFile(server.url, video), { id: "clip" });
  assert.deepEqual(await uploadFile(server.url, video, { folder: "series" }), { id: "series/clip" });
  assert.deepEqual(await uploadFile(server.url, video, { folder: "new/one" }), { id: "new/one/clip" });
  assert.deepEqual(await readFile(join(server.root, "series/clip.mp4")), content);
  for (const id of ["clip", "series/clip", "new/one/clip"]) {
    assert.equal((await server.get(`${id}/full/64,36/seg-0.m4s`)).status, 200, id);
  }
  const asset = join(folder, "stored.siedd");
  await writeFile(asset, syntheticAsset({ width: 64, height: 36, groups: [2] }));
  assert.deepEqual(await uploadFile(server.url, asset), { id: "stored" });
  assert.equal(JSON.parse((await server.get("stored/info.json")).text).backend, "asset");
  assert.deepEqual(await readdir(uploadsOf(server.root)), []);
});

test("an upload goes on after a cut connection, and the lost result of a finished one can be read", async (t) => {
  const server = await uploadServer(t);
  const url = await start(server.url);
  await sendPart(url, content.subarray(0, 1000), server.root);
  assert.equal(await offsetOf(url), "1000");
  assert.deepEqual(await namesIn(server.root), []);
  const conflict = await errorOf(await sendBytes(url, content, 0));
  assert.deepEqual(conflict.slice(0, 2), [409, "bad-upload"]);
  const response = await sendBytes(url, content.subarray(1000), 1000);
  assert.equal(response.status, 204);
  assert.equal(response.headers.get("siedd-video"), "clip");
  assert.deepEqual(await readFile(join(server.root, "clip.mp4")), content);
  const { status, headers } = await stateOf(url);
  const sizes = [headers.get("upload-offset"), headers.get("upload-length")];
  assert.deepEqual(
    [status, ...sizes, headers.get("siedd-video")],
    [200, ...[1, 1].map(() => `${content.length}`), "clip"],
  );
});

test("sizes and the number of unfinished uploads are bounded, and abandoned ones expire", async (t) => {
  const server = await uploadServer(t, { maxUploadBytes: content.length });
  const refused = async (headers: Readonly<Record<string, string>>) =>
    (await errorOf(await requestStart(server.url, headers))).slice(0, 2);
  assert.deepEqual(await refused({ "upload-length": `${content.length + 1}` }), [413, "upload-too-large"]);
  assert.deepEqual(await refused({ "upload-length": "0" }), [400, "bad-upload"]);
  assert.deepEqual(await refused({ "upload-length": "-1" }), [400, "bad-upload"]);
  assert.deepEqual(await refused({ "upload-metadata": "" }), [400, "bad-upload"]);
  const url = await start(server.url);
  const tooMuch = Buffer.concat([content, Buffer.alloc(1)]);
  assert.equal((await sendBytes(url, tooMuch)).status, 413);
  assert.deepEqual(await namesIn(server.root), []);
  for (let i = 1; i < 20; i++) await start(server.url);
  assert.deepEqual(await refused({}), [429, "too-many-uploads"]);
  assert.equal((await fetch(url, { method: "DELETE", headers: TUS })).status, 204);
  await start(server.url);

  await server.close();
  const uploads = uploadsOf(server.root);
  const names = await readdir(uploads);
  assert.equal(names.length, 40);
  const yesterday = Date.now() / 1000 - 25 * 3600;
  for (const name of names) await utimes(join(uploads, name), yesterday, yesterday);
  // One of them was continued an hour ago.
  const [kept] = names;
  await utimes(join(uploads, kept), yesterday + 24 * 3600, yesterday + 24 * 3600);
  const next = await serve({ root: server.root, port: 0, upload: true });
  t.after(() => next.close());
  assert.deepEqual(await readdir(uploads), [kept, `${kept}.json`]);
});

test("a file that is no video is deleted, with the reason", async (t) => {
  const server = await uploadServer(t);
  const notes = join(folder, "notes.txt");
  await writeFile(notes, "These are notes, and not a video.\n".repeat(100));
  const song = join(folder, "song.mp4");
  await ffmpeg(...lavfi("sine=d=1"), song);
  const truncated = join(folder, "truncated.mp4");
  await writeFile(truncated, content.subarray(0, content.length / 2));
  const rejected = { status: 422, code: "not-a-video" };
  assert.deepEqual(await uploadFile(server.url, notes, { filename: "notes.mp4" }), rejected);
  assert.deepEqual(await uploadFile(server.url, notes, { filename: "notes.siedd" }), rejected);
  assert.deepEqual(await uploadFile(server.url, song), rejected);
  assert.deepEqual(await uploadFile(server.url, truncated), rejected);
  assert.deepEqual(await uploadFile(server.url, notes), { status: 400, code: "bad-upload" });
  const url = await start(server.url);
  const [, , message] = await errorOf(await sendBytes(url, Buffer.alloc(content.length)));
  assert.match(message, /^clip\.mp4 is not a video/);
  assert.doesNotMatch(message, /\/tmp|uploads/);
  assert.deepEqual(await namesIn(server.root), []);
  assert.deepEqual(await readdir(uploadsOf(server.root)), []);
});

test("names never leave the folder, are never hidden, and never replace or rename another video", async (t) => {
  const server = await uploadServer(t);
  await writeFile(join(server.root, "stored.siedd"), syntheticAsset({ width: 64, height: 36, groups: [2] }));
  const idOf = async (filename: string) => {
    const outcome = await uploadFile(server.url, video, { filename });
    return "id" in outcome ? outcome.id : outcome.code;
  };
  assert.equal(await idOf("clip.mp4"), "clip");
  assert.equal(await idOf("clip.mp4"), "clip (2)");
  assert.equal(await idOf("Clip.MKV"), "Clip (3)");
  assert.equal(await idOf("stored.mp4"), "stored (2)");
  assert.equal(await idOf("player.mp4"), "player (2)");
  // Neither is a video.
  await writeFile(join(server.root, "pilot.srt"), "");
  await mkdir(join(server.root, "series"));
  assert.equal(await idOf("pilot.mp4"), "pilot");
  assert.equal(await idOf("series.mp4"), "series");
  assert.equal(await idOf("../../..\\evil.mp4"), "evil");
  assert.equal(await idOf(" ..hidden\u202e\n.mp4"), "hidden");
  assert.equal(await idOf("50% #1? e\u0301.mp4"), "50% #1? \u00e9");
  assert.equal(await idOf(`${"\u{1f3ac}".repeat(200)}.mp4`), "\u{1f3ac}".repeat(45));
  assert.equal(await idOf(".mp4"), "bad-upload");
  for (const directory of [
    "..",
    "a/../b",
    ".hidden",
    "a//b",
    "/etc",
    "video.siedd.work",
    "player",
    "clip.mp4",
  ]) {
    const outcome = await uploadFile(server.url, video, { folder: directory });
    assert.deepEqual(outcome, { status: 400, code: "bad-upload" }, directory);
  }
  assert.deepEqual(await readdir(uploadsOf(server.root)), []);
  const [first, second] = await Promise.all([
    uploadFile(server.url, video, { filename: "same.mp4" }),
    uploadFile(server.url, video, { filename: "same.mov" }),
  ]);
  assert.deepEqual(
    new Set([first, second].map((each) => "id" in each && each.id)),
    new Set(["same", "same (2)"]),
  );
  const { assets } = JSON.parse((await server.get("")).text);
  assert.ok(
    ["clip", "stored", "same"].every((id) => assets.some((asset: { id: string }) => asset.id === id)),
  );
});

test("only programs and pages of this machine may upload, unless authorize allows others", async (t) => {
  const inject = (server: TestServer, sent: { headers?: Record<string, string>; remoteAddress?: string }) =>
    server.app.inject({
      method: "POST",
      url: "/player/upload",
      ...sent,
      headers: {
        ...TUS,
        host: "localhost:8080",
        "upload-length": "1",
        "upload-metadata": metadata({ filename: "clip.mp4" }),
        ...sent.headers,
      },
    });
  const server = await uploadServer(t);
  const refused = async (sent: Parameters<typeof inject>[1]) => {
    const { statusCode, body, headers } = await inject(server, sent);
    assert.equal(headers["access-control-allow-origin"], undefined);
    return [statusCode, JSON.parse(body).error.code];
  };
  assert.deepEqual(await refused({ remoteAddress: "192.168.0.7" }), [403, "not-authorized"]);
  assert.deepEqual(await refused({ headers: { "x-forwarded-for": "127.0.0.1" } }), [403, "not-authorized"]);
  assert.deepEqual(await refused({ headers: { host: "evil.example" } }), [403, "not-authorized"]);
  assert.deepEqual(await refused({ headers: { origin: "https://evil.example" } }), [403, "cross-origin"]);
  assert.deepEqual(await refused({ headers: { "sec-fetch-site": "cross-site" } }), [403, "cross-origin"]);
  const own = await inject(server, {
    headers: { origin: "http://localhost:8080", "sec-fetch-site": "same-origin" },
  });
  assert.equal(own.statusCode, 201);
  assert.equal(own.headers["access-control-allow-origin"], undefined);
  const preflight = await fetch(new URL("player/upload", server.url), { method: "OPTIONS" });
  assert.equal(preflight.headers.get("access-control-allow-methods"), null);
  assert.equal(preflight.headers.get("tus-version"), "1.0.0");

  const asked: Action[] = [];
  const authorize = (_request: unknown, _video: unknown, action: Action) => {
    asked.push(action);
    return action === "upload";
  };
  const open = await uploadServer(t, { authorize });
  assert.equal((await inject(open, { remoteAddress: "192.168.0.7" })).statusCode, 201);
  assert.deepEqual(asked, ["upload"]);
  assert.equal((await inject(open, { headers: { origin: "https://evil.example" } })).statusCode, 403);
});

test("without the option there is no endpoint; it requires a folder", async (t) => {
  const server = await uploadServer(t, { upload: false });
  assert.equal((await requestStart(server.url)).status, 405);
  await assert.rejects(serve({ root: "http://localhost:9/", port: 0, upload: true }), {
    code: "bad-option",
    message: /^siedd options\.upload requires a folder in root, /,
  });
});

test("a killed server leaves no part of a video in the folder, and the next one continues", async (t) => {
  const root = await tempFolder(t);
  const run = async (): Promise<{ url: string; kill: () => Promise<unknown> }> => {
    const child = spawn(process.execPath, [COMMAND, "serve", root, "--port", "0", "--allow-upload"]);
    t.after(() => child.kill("SIGKILL"));
    const [output] = await once(child.stdout, "data");
    const exited = once(child, "exit");
    const kill = () => {
      child.kill("SIGKILL");
      return exited;
    };
    return { url: /http:\S+/.exec(String(output))?.[0] ?? "", kill };
  };
  const first = await run();
  const url = await start(first.url);
  await sendPart(url, content.subarray(0, 1000), root);
  await first.kill();
  assert.deepEqual(await namesIn(root), []);
  const second = await run();
  const resumed = new URL(url.pathname, second.url);
  assert.equal(await offsetOf(resumed), "1000");
  assert.equal((await sendBytes(resumed, content.subarray(1000), 1000)).status, 204);
  await second.kill();
  assert.deepEqual(await namesIn(root), ["clip.mp4"]);
  assert.deepEqual(await readFile(join(root, "clip.mp4")), content);
});
