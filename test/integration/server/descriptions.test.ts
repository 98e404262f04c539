import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import sharp from "sharp";
import { MAX_METADATA_BYTES, writeMetadata } from "../../../codec/internal.js";
import { encode } from "../../../encoder/index.js";
import { probeVideo } from "../../../media/index.js";
import { runCommand } from "../../support/command.js";
import { ffmpeg, keepAllFrames, lavfi } from "../../support/odd-videos.js";
import { testServer } from "../../support/running-server.js";
import { removeFolder } from "../../support/temp-folder.js";

const run = promisify(execFile);

let folder: string;

after(() => removeFolder(folder));

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "siedd-test-"));
});

/** Starts, ends and titles of chapters, in milliseconds. */
type ChapterLines = readonly (readonly [start: number, end: number, title: string])[];

/** Writes a video of three seconds with tags and chapters. */
async function writeVideo(name: string, tags: Readonly<Record<string, string>>, chapters: ChapterLines) {
  const path = join(folder, name);
  const metadata = join(folder, `${name}.txt`);
  const escaped = (text: string) => text.replace(/[=;#\\\n]/g, "\\$&");
  const lines = [
    ";FFMETADATA1",
    ...Object.entries(tags).map(([tag, value]) => `${tag}=${escaped(value)}`),
    ...chapters.flatMap(([start, end, title]) => [
      ...["[CHAPTER]", "TIMEBASE=1/4000", `START=${4 * start}`, `END=${4 * end}`],
      ...(title === "" ? [] : [`title=${escaped(title)}`]),
    ]),
  ];
  await writeFile(metadata, lines.join("\n"));
  await ffmpeg(
    ...lavfi("color=gray:s=32x32:r=4:d=3"),
    ...["-i", metadata, "-map", "0", "-map_metadata", "1", ...keepAllFrames, path],
  );
  return path;
}

const training = { steps: 1, phase1Steps: 1, points: 16, workers: 1 };

test("a source and its asset have the title, the date and the chapters of the file", async (t) => {
  const video = await writeVideo(
    "home movie 7.mp4",
    { title: 'A  day\u202e\tat <sea> & "shore"', date: "20240501" },
    [
      [0, 1000, "Dawn & <dusk>"],
      [1000, 2500, "\t"],
      [2500, 3000, "The end"],
    ],
  );
  const server = await testServer(t, {});
  await copyFile(video, join(server.root, "home movie 7.mp4"));
  const text = async (path: string) => {
    const { status, text } = await server.get(path);
    assert.equal(status, 200, `${path}: ${text.slice(0, 200)}`);
    return text;
  };
  const title = 'A day at <sea> & "shore"';
  const chapters = [
    { start: 0, title: "Dawn & <dusk>" },
    { start: 1, title: "Chapter 2" },
    { start: 2.5, title: "The end" },
  ];
  const answers = async () => {
    const info = JSON.parse(await text("home%20movie%207/info.json"));
    assert.deepEqual([info.title, info.created, info.chapters], [title, "2024-05-01", chapters]);
    assert.equal(info.links.chapters, `chapters.vtt?v=${info.v}`);
    const [listed] = JSON.parse(await text("")).assets;
    assert.equal(listed.title, title);
    const page = { headers: { accept: "text/html" } };
    const found = await server.get("?q=shore", page);
    assert.match(found.text, /A day at &lt;sea&gt; &amp; &quot;shore&quot;/);
    const master = await text("home%20movie%207/master.m3u8");
    assert.ok(
      master.includes('#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.title",VALUE="A day at <sea> & ”shore”"'),
    );
    const [, uri] = /DATA-ID="com.apple.hls.chapters",URI="([^"]+)"/.exec(master) ?? [];
    return {
      backend: info.backend,
      vtt: await text("home%20movie%207/chapters.vtt"),
      json: JSON.parse(await text(`home%20movie%207/${uri}`)),
    };
  };
  const source = await answers();
  assert.equal(source.backend, "source");
  assert.equal(
    source.vtt,
    [
      "WEBVTT\n",
      "00:00:00.000 --> 00:00:01.000\nDawn &amp; &lt;dusk&gt;\n",
      "00:00:01.000 --> 00:00:02.500\nChapter 2\n",
      "00:00:02.500 --> 00:00:03.000\nThe end\n",
    ].join("\n"),
  );
  assert.deepEqual(source.json[1], {
    chapter: 2,
    "start-time": 1,
    duration: 1.5,
    titles: [{ language: "und", title: "Chapter 2" }],
  });
  const output = join(server.root, "home movie 7.siedd");
  await encode({ input: join(server.root, "home movie 7.mp4"), output, ...training });
  assert.deepEqual(await answers(), { ...source, backend: "asset" });

  const stdout = await runCommand("info", output);
  assert.match(stdout, /title {4}A day at <sea> & "shore"\n {2}created {2}2024-05-01\n/);
  assert.match(
    stdout,
    /chapter {2}0:00 Dawn & <dusk>\n {2}chapter {2}0:01 Chapter 2\n {2}chapter {2}0:02 The end\n/,
  );
  const decoded = join(folder, "decoded.mp4");
  await runCommand("decode", output, "-o", decoded, "--from", "1");
  const back = await probeVideo(decoded);
  assert.deepEqual([back.title, back.created], [title, "2024-05-01"]);
  assert.deepEqual(back.chapters, [
    { start: 0, title: "Chapter 2" },
    { start: 1.5, title: "The end" },
  ]);
  // A part of a video has its title, and the chapters that it shows.
  const part = join(folder, "part.siedd");
  await encode({ input: video, output: part, from: 1.5, to: 3, ...training });
  const info = JSON.parse(await runCommand("info", part, "--json"));
  assert.deepEqual([info.title, info.chapters.length], [title, 2]);
  assert.deepEqual(info.chapters[0], { start: 0, title: "Chapter 2" });
});

test("any number of chapters in any order becomes a bounded list in rising order", async () => {
  const overlapping = await writeVideo("overlapping.mkv", { title: "x".repeat(100_000) }, [
    [0, 3000, "First"],
    [500, 2900, `Second, ${"again ".repeat(1000)}`],
    [2000, 2100, "Third"],
    [3600, 4000, "After the end"],
  ]);
  const info = await probeVideo(overlapping);
  assert.equal(info.title.length, 300);
  assert.deepEqual(
    info.chapters.map(({ start, title }) => [start, title.length]),
    [
      [0, 5],
      [0.5, 150],
      [2, 5],
    ],
  );
  const many = await writeVideo(
    "many.mkv",
    {},
    Array.from({ length: 10_000 }, (_, i) => [i / 4, (i + 1) / 4, `\u{1f30a}${i} ${"\u20ac".repeat(200)}`]),
  );
  const { chapters } = await probeVideo(many);
  assert.equal(chapters.length, 500);
  const title = "\u20ac".repeat(300);
  const bytes = writeMetadata({ title, chapters, source: { identity: "0".repeat(32), name: title } }).length;
  assert.ok(bytes < MAX_METADATA_BYTES, `${bytes}`);
});

test("the poster of a source and of its asset is the cover art", async (t) => {
  const plain = await writeVideo("plain.mkv", {}, []);
  const covers = {
    red: ["color=red:s=900x1350", "png"],
    noise: ["nullsrc=s=720x720,geq=r='random(1)*255':g='random(2)*255':b='random(3)*255'", "jpg"],
  } as const;
  const server = await testServer(t, {});
  for (const [name, [graph, extension]] of Object.entries(covers)) {
    const cover = join(folder, `${name}.${extension}`);
    await ffmpeg(...lavfi(graph), "-frames:v", "1", "-q:v", "1", cover);
    const attachment = ["-map", "0", "-map", "1", "-c", "copy", "-disposition:v:1", "attached_pic"];
    await ffmpeg("-i", plain, "-i", cover, ...attachment, join(server.root, `${name}.mp4`));
  }
  const attach = ["-attach", join(folder, "text.jpg"), "-metadata:s:t", "mimetype=image/jpeg"];
  await writeFile(join(folder, "text.jpg"), "not an image");
  await ffmpeg("-i", plain, "-c", "copy", ...attach, join(server.root, "damaged.mkv"));
  const poster = async (id: string) => {
    const info = JSON.parse((await server.get(`${id}/info.json`)).text);
    const linked = await server.get(`${id}/${info.links.poster}`);
    const { status, headers, body } = await server.get(`${id}/poster.jpg`);
    assert.deepEqual([status, headers.get("content-type")], [200, "image/jpeg"]);
    assert.ok(linked.body.equals(body), `${id}: info.json names another poster`);
    assert.match(linked.headers.get("cache-control") ?? "", /immutable/);
    const { data, info: size } = await sharp(body).raw().toBuffer({ resolveWithObject: true });
    return { backend: info.backend, body, size: [size.width, size.height], color: [...data.subarray(0, 3)] };
  };
  const red = await poster("red");
  assert.deepEqual(red.size, [480, 720]);
  assert.ok(red.color[0]! > 250 && red.color[1]! < 5 && red.color[2]! < 5, `${red.color}`);
  const noise = await poster("noise");
  assert.ok(noise.body.length < 2 ** 18, `${noise.body.length}`);
  // Without a cover that can be decoded, it is a frame.
  const damaged = await poster("damaged");
  assert.deepEqual([damaged.size, damaged.color[0]], [[32, 32], damaged.color[1]]);
  const output = join(server.root, "red.siedd");
  await encode({ input: join(server.root, "red.mp4"), output, ...training });
  const asset = await poster("red");
  assert.deepEqual([asset.backend, asset.body.equals(red.body)], ["asset", true]);
  assert.match(await runCommand("info", output), /cover {4}JPEG, [\d.]+ kB\n/);
  const decoded = join(folder, "red.mp4");
  await runCommand("decode", output, "-o", decoded);
  const { coverStream, videoStreams, codecTag } = await probeVideo(decoded);
  assert.deepEqual([coverStream, videoStreams.length, codecTag], [1, 1, "avc1"]);
});

test("a file without a title is called by its name, and an unset time is no date", async (t) => {
  const server = await testServer(t, {});
  const video = await writeVideo("plain.mp4", { title: " \n ", creation_time: "1970-01-01T00:00:00Z" }, []);
  await copyFile(video, join(server.root, "plain.mp4"));
  const { title, created, chapters, links } = JSON.parse((await server.get("plain/info.json")).text);
  assert.deepEqual([title, created, chapters, links.chapters], ["plain", null, [], undefined]);
  assert.equal((await server.get("plain/chapters.vtt")).text, "WEBVTT\n");
  assert.ok(!(await server.get("plain/master.m3u8")).text.includes("SESSION-DATA"));
  const { stdout } = await run("ffprobe", ["-v", "error", "-show_chapters", video]);
  assert.equal(stdout, "");
});
