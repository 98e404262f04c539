import assert from "node:assert/strict";
import { test } from "node:test";
import { getOptions, parse, setOptions } from "hls-parser";
import { Parser } from "m3u8-parser";
import { AUTHORING_RULES, type ServedVideo } from "../../support/hls-rules.js";
import { fetchServedVideo, parseMediaPlaylist } from "../../support/hls-served.js";
import { testServer } from "../../support/running-server.js";

const NTSC = { num: 30000, den: 1001 };
const cue = (start: number, end: number, text: string) => ({ start, end, settings: "", text });
const TALKING = {
  width: 320,
  height: 180,
  widths: [4],
  tone: 9,
  languages: ["eng", "und"],
  groups: Array.from({ length: 8 }, (_, i) => 24 + (i % 3)),
  text: [{ language: "eng", cues: [cue(500, 1500, "Hello")] }],
};
const SILENT = { width: 176, height: 144, frameRate: NTSC, groups: [31, 30, 2, 31, 17], widths: [4] };
const MASTERS = [
  "talking/master.m3u8",
  "talking/master.m3u8?width=333&height=201",
  "talking/master.m3u8?region=80,40,160,100&width=500",
  "silent/master.m3u8",
  "talking/full/%5E!500,500/playlist.m3u8",
];

test("every playlist follows the authoring rules", async (t) => {
  const server = await testServer(t, { talking: TALKING, silent: SILENT });
  for (const master of MASTERS) {
    const video = await fetchServedVideo(server, master);
    for (const { name, violations } of AUTHORING_RULES)
      assert.deepEqual(violations(video), [], `${master}: ${name}`);
  }
  assert.deepEqual(
    server.work.filter(({ type }) => type !== "init"),
    [],
    "playlists decode nothing",
  );
});

/** A violation of each authoring rule, in the order of the rules: what to replace in which playlist, and by what. */
const VIOLATIONS: readonly [
  where: "master" | "video" | "keyframes" | "audio" | "text",
  pattern: RegExp,
  replacement: string,
][] = [
  ["audio", /#EXTM3U\n/, ""],
  ["master", /AVERAGE-BANDWIDTH=\d+/, "AVERAGE-BANDWIDTH=999999999999"],
  ["master", /avc1\.\w+/, "h264"],
  ["master", /,mp4a\.40\.2/, ""],
  ["master", /FRAME-RATE=[\d.]+/, "FRAME-RATE=25"],
  ["master", /,CLOSED-CAPTIONS=NONE/, ""],
  ["master", /SUBTITLES="text"/, 'SUBTITLES="other"'],
  ["master", /NAME="Audio"/, 'NAME="English"'],
  ["master", /DEFAULT=YES,AUTOSELECT=YES/, "DEFAULT=YES,AUTOSELECT=NO"],
  ["master", /CHANNELS="2",/, ""],
  ["master", /#EXT-X-I-FRAME-STREAM-INF.*\n/g, ""],
  ["video", /#EXT-X-ENDLIST\n/, ""],
  ["text", /#EXTINF:[\d.]+/, "#EXTINF:99.000"],
  ["audio", /TARGETDURATION:\d+/, "TARGETDURATION:7"],
  ["video", /#EXT-X-MAP.*\n/, ""],
  ["audio", /#EXT-X-INDEPENDENT-SEGMENTS\n/, ""],
  ["keyframes", /#EXT-X-I-FRAMES-ONLY\n/, ""],
  ["audio", /#EXTINF:[\d.]+/, "#EXTINF:0.200"],
  ["master", /full\/\d+,\d+\/index\.m3u8\n/, "full/96,54/index.m3u8\n"],
];

test("each authoring rule finds its violation", async (t) => {
  const server = await testServer(t, { talking: TALKING });
  const video = await fetchServedVideo(server, MASTERS[0]!);
  assert.equal(VIOLATIONS.length, AUTHORING_RULES.length);
  for (const [i, [where, pattern, replacement]] of VIOLATIONS.entries()) {
    const mutate = (text: string) => text.replace(pattern, replacement);
    const target = video.media.find(({ kind }) => kind === where);
    const media = video.media.map((listing) =>
      listing === target ? { ...listing, text: mutate(listing.text) } : listing,
    );
    const mutated: ServedVideo =
      where === "master"
        ? { ...video, master: { ...video.master, text: mutate(video.master.text) } }
        : { ...video, media };
    const { name, violations } = AUTHORING_RULES[i]!;
    assert.notDeepEqual(violations(mutated), [], `"${name}" finds nothing`);
  }
});

test("strict parsers read every playlist without warnings", async (t) => {
  const server = await testServer(t, { talking: TALKING, silent: SILENT });
  const before = getOptions();
  setOptions({ strictMode: true, silent: false });
  t.after(() => setOptions(before));
  const warnings: unknown[][] = [];
  for (const level of ["warn", "error", "log"] as const) {
    const { [level]: write } = console;
    console[level] = (...args: unknown[]) => void warnings.push(args);
    t.after(() => {
      console[level] = write;
    });
  }
  for (const name of MASTERS) {
    const { master, media } = await fetchServedVideo(server, name);
    const elastic = await server.get(`${name.split("/")[0]}/elastic.m3u8`);
    for (const { url, text } of [master, { url: "elastic", text: elastic.text }, ...media]) {
      const parsed = parse(text);
      assert.equal(parsed.isMasterPlaylist, !text.includes("#EXTINF"), url);
      const parser = new Parser();
      parser.on("warn", (event) => warnings.push([url, event.message]));
      parser.push(text);
      parser.end();
      const { segments, playlists } = parser.manifest;
      if (parsed.isMasterPlaylist) {
        assert.equal(playlists?.length, text.match(/EXT-X-STREAM-INF/g)?.length, url);
      } else {
        assert.deepEqual(
          segments.map(({ duration }) => duration),
          parseMediaPlaylist({ url, text }).durations,
          url,
        );
        assert.equal(parsed.segments.length, segments.length, url);
      }
    }
  }
  assert.deepEqual(warnings, []);
});
