import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { access, copyFile, mkdir, mkdtemp, readFile, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { probeVideo, readFrames } from "../../../media/index.js";
import { siedd } from "../../support/command.js";
import { ffmpeg, lavfi } from "../../support/odd-videos.js";
import { testServer } from "../../support/running-server.js";
import { writeSyntheticAsset } from "../../support/synthetic-asset.js";
import { removeFolder } from "../../support/temp-folder.js";

const run = promisify(execFile);

/** A second that no hostile file may show. */
const CANARY = "color=red:s=64x36:r=25:d=1";

let folder: string;
let asset: string;
const at = (name: string) => join(folder, name);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
  await mkdir(at("secret"));
  await ffmpeg(
    ...lavfi(CANARY),
    "-c:v",
    "libx264",
    "-g",
    "5",
    "-pix_fmt",
    "yuv420p",
    at("secret/canary.mp4"),
  );
  await ffmpeg("-i", at("secret/canary.mp4"), "-c", "copy", at("secret/canary.ts"));
  await ffmpeg("-i", at("secret/canary.mp4"), "-frames:v", "1", "-update", "1", at("f001.png"));
  await copyFile(at("f001.png"), at("f%03d.png"));
  asset = at("asset.siedd");
  writeSyntheticAsset(asset, { width: 64, height: 36, groups: [2] });
});
after(() => removeFolder(folder));

const playlist = () =>
  `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${at("secret/canary.ts")}\n#EXT-X-ENDLIST\n`;
const concat = () => `ffconcat version 1.0\nfile secret/canary.mp4\nduration 1\n`;
const manifest =
  '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S" ' +
  'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet contentType="video">' +
  '<Representation id="0" mimeType="video/mp4" bandwidth="1000"><BaseURL>secret/canary.mp4</BaseURL>' +
  "</Representation></AdaptationSet></Period></MPD>\n";
const session = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n";
const subtitleIndex = "# VobSub index file, v7 (do not modify this line!)\nsize: 64x36\nid: en, index: 0\n";
const composition =
  '<?xml version="1.0"?>\n<CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"></CompositionPlaylist>\n';

/** An MP4 box. */
const box = (type: string, ...parts: readonly Uint8Array[]): Buffer => {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + parts.reduce((sum, { length }) => sum + length, 0));
  header.write(type, 4, "latin1");
  return Buffer.concat([header, ...parts]);
};

/** Copies an MP4 whose index comes last, with another content of its data reference box. */
function replaceDataReference(file: Buffer, reference: Buffer): Buffer {
  const rebuild = (bytes: Buffer): Buffer => {
    const boxes: Buffer[] = [];
    for (let offset = 0; offset < bytes.length; ) {
      const size = bytes.readUInt32BE(offset);
      const type = bytes.toString("latin1", offset + 4, offset + 8);
      const content = bytes.subarray(offset + 8, offset + size);
      if (type === "dref") boxes.push(reference);
      else if (/^(moov|trak|mdia|minf|dinf)$/.test(type)) boxes.push(box(type, rebuild(content)));
      else boxes.push(bytes.subarray(offset, offset + size));
      offset += size;
    }
    return Buffer.concat(boxes);
  };
  return rebuild(file);
}

/** A QuickTime movie whose samples are in another file, which an alias names. */
async function externalMovie(): Promise<Buffer> {
  const path = Buffer.from(at("secret/canary.mp4"));
  const alias = Buffer.alloc(150 + 4 + path.length + 4);
  // Type 2 in an alias is an absolute path, and 65535 the end.
  alias.writeUInt16BE(2, 150);
  alias.writeUInt16BE(path.length, 152);
  path.copy(alias, 154);
  alias.writeUInt16BE(0xffff, 154 + path.length + (path.length % 2));
  const reference = box("dref", Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]), box("alis", Buffer.alloc(4), alias));
  const movie = replaceDataReference(await readFile(at("secret/canary.mp4")), reference);
  // The movie itself holds no picture.
  const start = movie.indexOf("mdat") + 4;
  return movie.fill(0, start, start - 8 + movie.readUInt32BE(start - 8));
}

interface Attack {
  readonly content: () => string | Buffer | Promise<string | Buffer>;
  /** What ffmpeg reports as the error. */
  readonly message: RegExp;
  /** Arguments with which ffmpeg opens the canary if it is not limited; undefined if it needs more files. */
  readonly opensWith?: readonly string[];
}

const refused = (demuxer: string) =>
  new RegExp(`a list or a pattern of other files \\(ffmpeg's format ${demuxer}\\), which are not opened`);

const attacks: Readonly<Record<string, Attack>> = {
  "hls.mp4": { content: playlist, message: refused("hls"), opensWith: ["-extension_picky", "0"] },
  "hls.ts": { content: playlist, message: refused("hls"), opensWith: ["-extension_picky", "0"] },
  "concat.mp4": { content: concat, message: refused("concat"), opensWith: [] },
  "dash.mp4": { content: () => manifest, message: refused("dash"), opensWith: [] },
  "session.mp4": { content: () => session, message: refused("sdp") },
  "vobsub.mkv": { content: () => subtitleIndex, message: refused("vobsub") },
  "imf.mov": {
    content: () => composition,
    message: new RegExp(`${refused("imf").source}|not a video that ffmpeg can read`),
  },
  "alias.mov": {
    content: externalMovie,
    message: /no frame|cannot read|has no/,
    opensWith: ["-enable_drefs", "1", "-use_absolute_path", "1"],
  },
};

/** Returns the mean color of what ffmpeg decodes of a file, without limits. */
const color = async (...input: readonly string[]) => [
  ...(await ffmpeg(
    ...input,
    "-vf",
    "scale=1:1",
    "-frames:v",
    "1",
    "-pix_fmt",
    "rgb24",
    "-f",
    "rawvideo",
    "-",
  )),
];

/** Asserts that encode and eval refuse a video, in one line. */
async function assertRefused(path: string, message: RegExp): Promise<void> {
  const output = at("out.siedd");
  const encode = ["encode", path, "-o", output, "--preset", "draft", "--steps", "5"];
  for (const argv of [encode, ["eval", asset, path], ["eval", asset, path, "--x264"]]) {
    const { code, stderr } = await siedd(argv);
    const lines = stderr.trim().split("\n");
    assert.ok(code === 1 || code === 2, `${argv}: ${stderr}`);
    assert.match(lines.at(-1)!, message, argv.join(" "));
    assert.ok(!stderr.includes("whitelist"), stderr);
  }
  await assert.rejects(access(output));
}

test("a file that names other files is refused, and none of them is read", async (t) => {
  const server = await testServer(t, {}, { cacheBytes: 0 });
  const past = new Date(Date.now() - 3_600_000);
  for (const [name, { content, message, opensWith }] of Object.entries(attacks)) {
    await writeFile(at(name), await content());
    if (opensWith !== undefined) {
      const [red, green] = await color(...opensWith, "-i", at(name));
      assert.ok(red! > 200 && green! < 50, `ffmpeg shows the canary through ${name}: ${red}, ${green}`);
    }
    await assertRefused(at(name), message);
    const served = join(server.root, name);
    await writeFile(served, await content());
    await utimes(served, past, past);
    const id = name.replace(/\.\w+$/, "");
    const frames = ["full/64,36/seg-0.m4s", "full/64,36/frame-0.png", "poster.jpg"];
    // The index of the movie with an alias is its own, and only its frames are missing.
    for (const path of name === "alias.mov" ? frames : ["info.json", ...frames]) {
      const response = await server.get(`${name.startsWith("hls") ? name : id}/${path}`);
      assert.ok(response.status >= 400, `${name} ${path} ${response.status}`);
      assert.ok(!response.text.includes("secret"), response.text);
    }
  }
});

test("a name that ffmpeg takes for a pattern means only the file itself", async (t) => {
  await assertRefused(at("f%03d.png"), /is an image \(image2\), not a video/);
  const server = await testServer(t, {}, { cacheBytes: 0 });
  const name = "g%03d[a].gif";
  await ffmpeg(...lavfi("color=blue:s=64x36:r=10:d=0.5"), at("blue.gif"));
  await ffmpeg(...lavfi("color=red:s=64x36:r=10:d=0.5"), join(server.root, "g001a.gif"));
  await copyFile(at("blue.gif"), join(server.root, name));
  const info = await probeVideo(join(server.root, name));
  const options = { firstFrame: 0, frameCount: 5, width: 64, height: 36 };
  let frames = 0;
  for await (const frame of readFrames(join(server.root, name), info, options)) {
    assert.ok(frame[0]! < 50 && frame[2]! > 100, `${frame.subarray(0, 3)}`);
    frames++;
  }
  assert.equal(frames, 5);
  const { status, body } = await server.get("g%2503d%5Ba%5D/full/64,36/frame-0.png");
  assert.equal(status, 200);
  await writeFile(at("shown.png"), body);
  const [red, , blue] = await color("-i", at("shown.png"));
  assert.ok(red! < 50 && blue! > 100);
});

test("a path is a path, not a protocol, a device or a filter graph", async () => {
  let requests = 0;
  const origin = createServer((_, response) => {
    requests++;
    response.end();
  }).listen(0, "127.0.0.1");
  await once(origin, "listening");
  const canary = at("secret/canary.ts");
  try {
    for (const path of [
      ...[`concat:${canary}|${canary}`, `subfile,,start,0,end,9999,,:${canary}`, `crypto:${canary}`],
      ...[`async:${canary}`, `cache:${canary}`, `file:${canary}`, `hls+file:${canary}`, "pipe:0"],
      ...["data:video/mp4;base64,AAAA", `movie=${canary}`, "testsrc", `tee:${canary}`],
      ...[`http://127.0.0.1:${(origin.address() as AddressInfo).port}/a.ts`, "rtp://127.0.0.1:9"],
    ]) {
      await assertRefused(path, /does not exist|must be a local file/);
    }
    assert.equal(requests, 0);
  } finally {
    origin.close();
  }
});

test("frames of more than 8192 x 8192 pixels are refused, in the container and in the stream", async () => {
  const big = at("big.mkv");
  const size = ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-frames:v", "1"];
  await ffmpeg(...lavfi("color=gray:s=8200x8200:r=1"), ...size, big);
  await assertRefused(
    big,
    /big.mkv has 8200 x 8200 pixels, but a frame may have at most 67108864 \(8192 x 8192\)/,
  );
  // The container says 64 x 36, and the picture has 8200 x 8200.
  const bytes = await readFile(big);
  const [width, height] = [
    bytes.indexOf(Buffer.from([0xb0, 0x82])),
    bytes.indexOf(Buffer.from([0xba, 0x82])),
  ];
  assert.ok(width > 0 && height > 0);
  bytes.writeUInt16BE(64, width + 2);
  bytes.writeUInt16BE(36, height + 2);
  await writeFile(big, bytes);
  await assertRefused(big, /has 8200 x 8200 pixels/);
});

test("every demuxer that is allowed exists in some ffmpeg, and none that opens other files is allowed", async () => {
  const { stdout } = await run("ffmpeg", ["-hide_banner", "-demuxers"]);
  const installed = stdout.split("\n").flatMap((line) => /^ +D\w* +(\S+)/.exec(line)?.[1]?.split(",") ?? []);
  assert.ok(installed.length > 100);
  const { inputLimits } = await import("../../../media/ffmpeg/input-limits.js");
  const limits = inputLimits("file:/a");
  const allowed = limits[limits.indexOf("-format_whitelist") + 1]!.split(",");
  assert.equal(limits[limits.indexOf("-protocol_whitelist") + 1], "file,pipe");
  // Demuxers of newer versions.
  const unknown = allowed.filter((name) => !installed.includes(name));
  assert.ok(unknown.length <= 10, `${unknown}`);
  const opening =
    "hls applehttp dash webm_dash_manifest concat imf image2 alias_pix brender_pix sdp rtsp rtp sap vobsub mlv lavfi " +
    "vapoursynth avisynth ffmetadata libgme libopenmpt fbdev kmsgrab x11grab v4l2 alsa pulse";
  assert.deepEqual(
    opening.split(" ").filter((name) => allowed.includes(name)),
    [],
  );
});
