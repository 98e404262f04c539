import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { encode } from "../../../encoder/index.js";
import { childProcesses } from "../../support/child-processes.js";
import { ffmpeg, lavfi } from "../../support/odd-videos.js";
import { type TestServer, testServer } from "../../support/running-server.js";
import { removeFolder } from "../../support/temp-folder.js";
import { waitUntil } from "../../support/wait-until.js";

/** Frame n of the counter is gray of luma 16 + 2 n. */
const FRAMES = 75;
const RATE = { num: 24000, den: 1001 };
const lumaOf = (frame: number) => 16 + 2 * frame;
const counter = lavfi(`color=black:s=64x36:r=${RATE.num}/${RATE.den}:d=4,geq=lum='16+2*N':cb=128:cr=128`);

let folder: string;
/** An MKV with audio that starts before the video, long groups of pictures and B-frames. */
let video: string;

after(() => removeFolder(folder));

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
  video = join(folder, "counter.mkv");
  await ffmpeg(
    ...counter,
    ...["-frames:v", `${FRAMES}`, "-c:v", "libx264", "-qp", "0", "-bf", "3", "-g", "250"],
    video,
  );
});

interface Listed {
  readonly id: string;
  readonly backend: string;
}
const listed = async (server: TestServer): Promise<[string, string][]> =>
  JSON.parse((await server.get("")).text).assets.map(({ id, backend }: Listed) => [id, backend]);

const infoOf = async (server: TestServer, id: string) =>
  JSON.parse((await server.get(`${id}/info.json`)).text);

/** Decodes segments, in order, and returns the luma of each frame's center. */
async function lumas(server: TestServer, folderUrl: string, segments: readonly string[]): Promise<number[]> {
  const file = join(folder, "stream.mp4");
  const parts = await Promise.all(
    ["init.mp4", ...segments].map((name) => server.get(`${folderUrl}/${name}`)),
  );
  for (const { status, text } of parts) assert.equal(status, 200, text.slice(0, 200));
  await writeFile(file, Buffer.concat(parts.map(({ body }) => body)));
  const pixels = await ffmpeg("-i", file, "-vf", "scale=16:16", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-");
  await rm(file);
  const frameBytes = (16 * 16 * 3) / 2;
  return Array.from({ length: pixels.length / frameBytes }, (_, i) => pixels[frameBytes * i + 136] ?? 0);
}

/** Asserts that decoded frames are those of the counter, in order. Neighbors differ by two; x264 errs by less than one. */
function assertCounts(actual: readonly number[], from: number): void {
  const expected = actual.map((_, i) => lumaOf(from + i));
  assert.ok(
    actual.every((luma, i) => Math.abs(luma - (expected[i] ?? 0)) < 1.5),
    `${actual} instead of ${expected}`,
  );
}

test("a source plays every frame once, at any size, from its first request, in any order", async (t) => {
  const server = await testServer(t, {});
  await copyFile(video, join(server.root, "counter.mkv"));
  const info = await infoOf(server, "counter");
  assert.deepEqual(
    [info.backend, info.frameCount, info.frameRate, info.width, info.height, info.groups, info.links.asset],
    ["source", FRAMES, RATE, 64, 36, undefined, undefined],
  );
  const starts = info.segments.map(({ firstFrame }: { firstFrame: number }) => firstFrame);
  assert.deepEqual(starts, [0, 12, 24, 48, 72]);
  // The last segment first, which needs a seek.
  assertCounts(await lumas(server, "counter/full/64,36", ["seg-3.m4s"]), 48);
  const all = starts.map((_: number, k: number) => `seg-${k}.m4s`);
  const played = await lumas(server, "counter/full/%5E128,72", all);
  assert.equal(played.length, FRAMES);
  assertCounts(played, 0);
  const part = await lumas(server, "counter/11,7,20,16/20,16", all);
  assertCounts(part, 0);
  const elastic = await server.get("counter/full/%5E200,112/elastic-2.m4s");
  assert.equal(elastic.status, 200);
  for (const path of [
    ...["master.m3u8", "elastic.m3u8", "manifest.mpd", "poster.jpg", "storyboard.vtt", "storyboard-0.jpg"],
    ...["full/33,19/frame-1000.png", "full/64,36/iframe-1.m4s", "full/64,36/index.m3u8"],
  ]) {
    assert.equal((await server.get(`counter/${path}`)).status, 200, path);
  }
  assert.equal((await server.get("counter/asset")).code, "not-encoded");
  // Frame 24 is on screen from 1.001 s to 1.042 s.
  const gray = async (milliseconds: number) => {
    const png = join(server.root, ".frame.png");
    await writeFile(png, (await server.get(`counter/full/64,36/frame-${milliseconds}.png`)).body);
    return (await ffmpeg("-i", png, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"))[3000] ?? 0;
  };
  const expected = (frame: number) => Math.round(((lumaOf(frame) - 16) * 255) / 219);
  assert.ok(Math.abs((await gray(1000)) - expected(23)) <= 2);
  assert.ok(Math.abs((await gray(1002)) - expected(24)) <= 2);
});

test("an ffmpeg process stays open for the next segment, and ends within three seconds", async (t) => {
  const server = await testServer(t, {}, { cacheBytes: 0 });
  await copyFile(video, join(server.root, "counter.mkv"));
  await server.get("counter/full/%5E256,144/init.mp4");
  // Frames of this size exceed the buffers between the processes.
  const readers = () => childProcesses().filter((name) => name.startsWith("ffmpeg")).length;
  assert.equal(readers(), 0);
  await server.get("counter/full/%5E256,144/seg-0.m4s");
  assert.equal(readers(), 1);
  assertCounts(await lumas(server, "counter/full/%5E256,144", ["seg-1.m4s"]), 12);
  const stopped = performance.now();
  await waitUntil(() => readers() === 0, "the reader ends");
  assert.ok(performance.now() - stopped < 4000);
});

test("folders are part of ids, and files with the same name keep their extension", async (t) => {
  const server = await testServer(t, { alone: { width: 64, height: 36, groups: [2] } });
  const files = [
    "a.mp4",
    "a.mkv",
    "Series/Season 1/pilot é#1.mkv",
    ".hidden.mkv",
    "b.siedd.work/b.mkv",
    "notes.txt",
  ];
  for (const file of files) {
    await mkdir(join(server.root, file, ".."), { recursive: true });
    await copyFile(video, join(server.root, file));
  }
  const pilot = "Series/Season 1/pilot é#1";
  assert.deepEqual(await listed(server), [
    [pilot, "source"],
    ["a.mkv", "source"],
    ["a.mp4", "source"],
    ["alone", "asset"],
  ]);
  const path = pilot.split("/").map(encodeURIComponent).join("/");
  assert.equal((await infoOf(server, path)).id, pilot);
  for (const resource of ["full/64,36/seg-0.m4s", "full/elastic/index.m3u8", "poster.jpg"]) {
    assert.equal((await server.get(`${path}/${resource}`)).status, 200, resource);
  }
  assert.equal((await server.get(`player/embed/${path}`)).status, 200);
  assert.equal((await server.get(`${encodeURIComponent(pilot)}/info.json`)).code, "bad-url");
  for (const id of ["a", ".hidden", "b.siedd.work/b", "notes", "Series"]) {
    assert.equal((await server.get(`${id}/info.json`)).code, "unknown-asset", id);
  }
});

test("an asset takes over from its source in the same timeline; a changed source takes over again", async (t) => {
  const server = await testServer(t, {});
  const source = join(server.root, "counter.mkv");
  await copyFile(video, source);
  const old = (await infoOf(server, "counter")).v;
  const made = join(folder, "counter.siedd");
  await encode({ input: video, output: made, preset: "draft", steps: 40, phase1Steps: 40, minPsnr: 0 });
  await copyFile(made, join(server.root, ".part"));
  await rename(join(server.root, ".part"), join(server.root, "counter.siedd"));
  await waitUntil(async () => (await infoOf(server, "counter")).backend === "asset", "the asset is served");
  const { v } = await infoOf(server, "counter");
  assert.notEqual(v, old);
  assert.deepEqual(await listed(server), [["counter", "asset"]]);
  // A player with the old playlist plays on.
  const segment = await server.get(`counter/full/64,36/seg-2.m4s?v=${old}`);
  assert.deepEqual([segment.status, segment.headers.get("cache-control")], [200, "no-store"]);
  const own = await server.get(`counter/full/64,36/seg-2.m4s?v=${v}`);
  assert.match(`${own.headers.get("cache-control")}`, /immutable/);
  assert.ok(own.body.equals(segment.body));

  // Another video under the same name: its asset is stale.
  await ffmpeg(...lavfi("testsrc2=s=64x36:r=25:d=1"), "-c:v", "libx264", source);
  const changed = await infoOf(server, "counter");
  assert.deepEqual([changed.backend, changed.frameCount], ["source", 25]);
  assert.equal((await server.get(`counter/full/64,36/seg-2.m4s?v=${v}`)).code, "stale-version");

  // An asset that was encoded from no source in the folder is a video of its own.
  await rm(source);
  assert.deepEqual(await listed(server), [["counter", "asset"]]);
  await copyFile(video, join(server.root, "other.mkv"));
  await copyFile(made, join(server.root, "Other.siedd"));
  assert.deepEqual(await listed(server), [
    ["Other", "asset"],
    ["counter", "asset"],
    ["other", "source"],
  ]);
});

test("a source that was not copied to its end plays until then, and says where it ends", async (t) => {
  const server = await testServer(t, {});
  const half = join(server.root, "half.mkv");
  const bytes = await readFile(video);
  await writeFile(half, bytes.subarray(0, bytes.length / 2));
  const past = new Date(Date.now() - 60_000);
  await utimes(half, past, past);
  assert.equal((await server.get("half/full/64,36/seg-0.m4s")).status, 200);
  const { status, code, text } = await server.get("half/full/64,36/seg-3.m4s");
  assert.deepEqual([status, code], [500, "no-frames"]);
  const { message } = JSON.parse(text).error;
  assert.match(message, /^half\.mkv ends before frame \d+, but .* 75 frames; copy or download it again$/);
});

test("files that are no videos have one sentence each, and do not affect the others", async (t) => {
  const server = await testServer(t, {});
  const good = join(server.root, "good.mkv");
  await copyFile(video, good);
  await writeFile(
    join(server.root, "text.mp4"),
    "no video at all, but long enough to be looked at".repeat(10),
  );
  await writeFile(join(server.root, "empty.webm"), "");
  await ffmpeg(...lavfi("sine=d=1"), join(server.root, "audio.mp4"));
  await ffmpeg(...lavfi("color=s=64x36:d=0.04"), "-frames:v", "1", join(server.root, "image.gif"));
  const past = new Date(Date.now() - 60_000);
  for (const name of ["text.mp4", "empty.webm", "audio.mp4"])
    await utimes(join(server.root, name), past, past);
  for (const [id, message] of [
    ["text", /^text\.mp4 \S/],
    ["empty", /^empty\.webm is empty/],
    ["audio", /^audio\.mp4 has no video stream, only audio/],
  ] as const) {
    await waitUntil(
      async () => (await server.get(`${id}/info.json`)).code !== "asset-incomplete",
      `${id} settles`,
    );
    const { status, text } = await server.get(`${id}/info.json`);
    const { error } = JSON.parse(text);
    assert.match(error.message, message);
    assert.ok(status >= 400 && status < 600 && !text.includes(server.root), text);
    assert.equal(error.message.split(/[.!?] /).length, 1, error.message);
  }
  const { assets, problems } = JSON.parse((await server.get("")).text);
  assert.ok(assets.some(({ id }: { id: string }) => id === "good"));
  assert.deepEqual(
    problems.map(({ file }: { file: string }) => file),
    ["audio.mp4", "empty.webm", "text.mp4"],
  );
  assert.equal((await server.get("good/full/64,36/seg-0.m4s")).status, 200);
  await rm(good);
  assert.equal((await server.get("good/full/64,36/seg-1.m4s")).code, "unknown-asset");
});
