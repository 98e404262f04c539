import assert from "node:assert/strict";
import { test } from "node:test";
import { type Asset, memorySource, openAsset } from "../../../../codec/internal.js";
import { parseWebVtt, writeWebVtt } from "../../../../media/webvtt/webvtt.js";
import {
  audioSegments,
  targetDuration,
  textSegments,
  videoSegments,
} from "../../../../server/catalog/timeline.js";
import { peakBitrate } from "../../../../server/hls/bandwidth.js";
import { writeMasterPlaylist } from "../../../../server/hls/master-playlist.js";
import { writeMediaPlaylist } from "../../../../server/hls/media-playlist.js";
import {
  elasticPlaylist,
  masterPlaylist,
  textPlaylist,
  videoPlaylist,
} from "../../../../server/hls/playlists.js";
import { renditionNames } from "../../../../server/hls/rendition-names.js";
import { webVttSegment } from "../../../../server/hls/subtitles.js";
import { parseRegion } from "../../../../server/request/region.js";
import { type SyntheticOptions, syntheticAsset } from "../../../support/synthetic-asset.js";

const NTSC = { num: 30000, den: 1001 };
const open = (options: SyntheticOptions): Promise<Asset> =>
  openAsset(memorySource(syntheticAsset({ width: 64, height: 48, tileWidth: 4, ...options })));
const durations = (playlist: string) =>
  [...playlist.matchAll(/#EXTINF:([\d.]+),/g)].map((match) => Number(match[1]));
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

test("a media playlist has the exact expected text", () => {
  const segments = [
    { duration: 1, uri: "a.m4s" },
    { duration: 1001 / 30000, uri: "b.m4s" },
  ];
  assert.equal(
    writeMediaPlaylist({ targetDuration: 1, init: "init.mp4", segments }),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:1
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
#EXTINF:1.000,
a.m4s
#EXTINF:0.033366667,
b.m4s
#EXT-X-ENDLIST
`,
  );
});

test("a master playlist has the exact expected text", () => {
  const variant = {
    uri: "full/640,360/index.m3u8",
    bandwidth: 2000000,
    averageBandwidth: 1000000,
    codecs: ["avc1.64001e", "mp4a.40.2"],
    width: 640,
    height: 360,
    frameRate: 30000 / 1001,
    audioGroup: "audio",
  };
  const english = { track: 0, uri: "audio-0/index.m3u8", name: "English", language: "en", channels: 2 };
  const other = { track: 1, uri: "audio-1/index.m3u8", name: "Audio", language: undefined, channels: 2 };
  const renditions = [
    { ...english, isDefault: true },
    { ...other, isDefault: false },
  ];
  const german = { uri: "text-0/index.m3u8", name: "German", language: "de" };
  const scrubbing = {
    bandwidth: 9000,
    averageBandwidth: 8000,
    codecs: ["avc1.64001e"],
    width: 320,
    height: 180,
  };
  assert.equal(
    writeMasterPlaylist({
      variants: [variant],
      audio: [
        { id: "audio", renditions },
        { id: "unused", renditions },
      ],
      text: [
        { ...german, isDefault: false, forced: false },
        { ...german, uri: "text-1/index.m3u8", name: "Signs", isDefault: true, forced: true },
      ],
      keyframes: [{ ...scrubbing, uri: "full/320,180/iframes.m3u8" }],
      images: [{ ...scrubbing, codecs: ["jpeg"], uri: "images.m3u8" }],
    }),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio-0/index.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=NO,AUTOSELECT=YES,CHANNELS="2",URI="audio-1/index.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="German",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="text-0/index.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="Signs",LANGUAGE="de",DEFAULT=YES,AUTOSELECT=YES,FORCED=YES,URI="text-1/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1000000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,VIDEO-RANGE=SDR,AUDIO="audio",SUBTITLES="text",CLOSED-CAPTIONS=NONE
full/640,360/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=9000,AVERAGE-BANDWIDTH=8000,CODECS="avc1.64001e",RESOLUTION=320x180,VIDEO-RANGE=SDR,URI="full/320,180/iframes.m3u8"
#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=9000,AVERAGE-BANDWIDTH=8000,CODECS="jpeg",RESOLUTION=320x180,URI="images.m3u8"
`,
  );
  const silent = writeMasterPlaylist({
    variants: [{ ...variant, codecs: ["avc1.64001e"], audioGroup: undefined }],
  });
  assert.doesNotMatch(silent, /AUDIO|SUBTITLES|EXT-X-MEDIA/);
});

test("segment durations follow from frame counts and do not drift", async () => {
  const groups = Array.from({ length: 40 }, (_, i) => 28 + (i % 4));
  const asset = await open({ frameRate: NTSC, groups });
  const found = durations(videoPlaylist(asset, { version: "v", folder: "" }));
  assert.ok(Math.abs(sum(found) - asset.duration) < 1e-6);
  const lengths = videoSegments(asset).map(({ frameCount }) => frameCount);
  assert.deepEqual(lengths.slice(0, 3), [15, 15, 30]);
  assert.ok(lengths.slice(2, -1).every((length) => length === 29 || length === 30));
  assert.equal(targetDuration(asset), 2);
});

test("segments begin at 0, 1/2, 1, 2, 3, ... seconds, whatever the groups", () => {
  const starts = (frameRate: { num: number; den: number }, frameCount: number) => {
    const segments = videoSegments({ frameRate, frameCount });
    segments.forEach((segment, k) => {
      assert.equal(segment.index, k);
      const end = segments[k + 1]?.firstFrame ?? frameCount;
      assert.equal(segment.firstFrame + segment.frameCount, end);
      assert.ok(segment.frameCount > 0);
    });
    return segments.map(({ firstFrame }) => firstFrame);
  };
  const PAL = { num: 25, den: 1 };
  assert.deepEqual(starts(PAL, 79), [0, 13, 25, 50, 75]);
  assert.deepEqual(starts(PAL, 75), [0, 13, 25, 50]);
  assert.deepEqual(starts(PAL, 1), [0]);
  assert.deepEqual(starts(NTSC, 125), [0, 15, 30, 60, 90, 120]);
  assert.deepEqual(starts({ num: 24000, den: 1001 }, 100), [0, 12, 24, 48, 72, 96]);
  assert.deepEqual(starts({ num: 3, den: 1 }, 7), [0, 2, 3, 6]);
  assert.deepEqual(starts({ num: 1, den: 1 }, 3), [0, 1, 2]);
  assert.deepEqual(starts({ num: 1, den: 5 }, 3), [0, 1, 2]);
  // Of the borders 0.75, 1.5, 3 and 4.5 frames.
  assert.deepEqual(starts({ num: 3, den: 2 }, 6), [0, 1, 2, 3, 5]);
});

test("a short segment does not raise the peak bitrate above that of the run around it", () => {
  const segment = (seconds: number, bits: number) => ({ seconds, bits });
  assert.equal(peakBitrate([segment(0.04, 1000), segment(1, 1000)], 1), 2000 / 1.04);
  assert.equal(peakBitrate([segment(1, 500), segment(0.5, 900), segment(0.5, 900)], 1), 1800);
  assert.equal(peakBitrate([segment(0.2, 100)], 1), 500);
});

test("audio segments are contiguous, start after the encoder delay and end with the video", async () => {
  for (const [frameRate, groups, tone] of [
    [{ num: 25, den: 1 }, [25, 25, 10], 3],
    [NTSC, [30, 1, 1, 17], 1],
    [NTSC, [30, 30, 17], 0.3],
  ] as const) {
    const asset = await open({ frameRate, groups, tone });
    const [track] = asset.audio;
    const segments = audioSegments(asset, track);
    assert.equal(segments[0].firstPacket, 1);
    assert.equal(segments[0].decodeTime, 0);
    segments.forEach((segment, i) => {
      assert.equal(segment.index, i);
      assert.ok(segment.packetCount > 0);
      const stored = Math.max(0, track.packetCount - segment.firstPacket);
      assert.equal(segment.storedCount, Math.min(segment.packetCount, stored));
      if (i === 0) return;
      const before = segments[i - 1];
      assert.equal(segment.decodeTime, before.decodeTime + before.packetCount * 1024);
      assert.equal(segment.firstPacket, before.firstPacket + before.packetCount);
    });
    const seconds = (sum(segments.map(({ packetCount }) => packetCount)) * 1024) / track.sampleRate;
    assert.ok(seconds >= asset.duration - 1e-9);
    assert.ok(seconds < asset.duration + 1024 / track.sampleRate);
  }
});

test("a master playlist starts with the exact size, lists each size once and escapes the caret", async () => {
  const asset = await open({ tone: 1, groups: [25] });
  const region = parseRegion("full", asset);
  const [exact, ...ladder] = [100, 64, 64, 32].map((width) => ({
    region,
    width,
    height: (width * 3) / 4 + (width === 100 ? 1 : 0),
  }));
  const uris = masterPlaylist(asset, { sizes: [exact, ...ladder], keyframeSizes: ladder })
    .split("\n")
    .filter((line) => line.endsWith("index.m3u8"));
  assert.deepEqual(uris, ["full/%5E100,76/index.m3u8", "full/64,48/index.m3u8", "full/32,24/index.m3u8"]);
});

test("segment URLs of the elastic playlist have a placeholder for the size", async () => {
  const asset = await open({ groups: [25, 5] });
  const uris = (playlist: string) => playlist.split("\n").filter((line) => line.includes(".m4s"));
  assert.deepEqual(uris(elasticPlaylist(asset, "v1", "")), [
    "../{size}/elastic-0.m4s?v=v1",
    "../{size}/elastic-1.m4s?v=v1",
    "../{size}/elastic-2.m4s?v=v1",
  ]);
  assert.match(elasticPlaylist(asset, "v1", ""), /MAP:URI="init\.mp4\?v=v1"/);
  assert.match(
    elasticPlaylist(asset, "v1", "../full/"),
    /MAP:URI="\.\.\/\.\.\/full\/elastic\/init\.mp4\?v=v1"/,
  );
});

test("a cue is in every segment during which it is visible, with its full start and end times", async () => {
  const cue = (start: number, end: number, text: string, settings = "") => ({ start, end, settings, text });
  const cues = [
    cue(0, 900, "first"),
    cue(5500, 6500, "across", "line:0"),
    cue(6000, 20000, "long\n\n<i>-->"),
  ];
  const asset = await open({ groups: Array.from({ length: 14 }, () => 25) });
  const segments = textSegments(asset);
  assert.deepEqual(
    segments.map(({ from, to, duration }) => [from, to, duration]),
    [
      [0, 6000, 6],
      [6000, 12000, 6],
      [12000, Number.POSITIVE_INFINITY, 2],
    ],
  );
  const header = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n";
  const across = "\n00:00:05.500 --> 00:00:06.500 line:0\nacross\n";
  const long = "\n00:00:06.000 --> 00:00:20.000\nlong\n<i>--&gt;\n";
  assert.deepEqual(
    segments.map((segment) => webVttSegment(cues, segment)),
    [`${header}\n00:00:00.000 --> 00:00:00.900\nfirst\n${across}`, header + across + long, header + long],
  );
  assert.deepEqual(
    parseWebVtt(writeWebVtt(cues)).map(({ start, end }) => [start, end]),
    cues.map(({ start, end }) => [start, end]),
  );
  assert.match(textPlaylist(asset, "v"), /TARGETDURATION:6\n[\s\S]*seg-2\.vtt\?v=v\n#EXT-X-ENDLIST/);
});

test("renditions have unique names: titles, languages, numbers", () => {
  const names = (...tracks: string[]) =>
    renditionNames(
      tracks.map((track) => {
        const [language = "", title = ""] = track.split(":");
        return { language, title };
      }),
      "Audio",
    );
  assert.deepEqual(names("eng", "ger"), ["English", "German"]);
  assert.deepEqual(names("deu", "und", "ger", "und"), ["German 1", "Audio 1", "German 2", "Audio 2"]);
  assert.deepEqual(names("und"), ["Audio"]);
  assert.deepEqual(names("en", "en:Commentary", "pt-BR"), ["English", "Commentary", "Brazilian Portuguese"]);
  assert.deepEqual(names("en:SDH", "fra:SDH", "und:SDH"), ["English (SDH)", "French (SDH)", "SDH"]);
  assert.deepEqual(names("en:SDH", "eng:SDH"), ["English (SDH) 1", "English (SDH) 2"]);
  assert.deepEqual(names('und:Director\'s "cut"\n2'), ["Director's 'cut' 2"]);
});
