import assert from "node:assert/strict";
import { test } from "node:test";
import { peakBitrate } from "../../../server/hls/bandwidth.js";
import type { MediaListing } from "../../support/hls-rules.js";
import { parseMediaPlaylist, servedVideo } from "../../support/hls-served.js";
import { type TestServer, testServer } from "../../support/running-server.js";

/** The groups that `siedd encode` chooses for bunny.mp4, and for a video at 30000/1001 fps with scene cuts. */
const VIDEOS = {
  bunny: { width: 320, height: 180, tone: 6, groups: [27, 26, 26, 27, 26] },
  carphone: {
    width: 176,
    height: 144,
    tone: 5,
    groups: [30, 4, 1, 31, 30],
    frameRate: { num: 30000, den: 1001 },
  },
};

/** Returns the offset of the content of the first box of a type. */
const box = (bytes: Buffer, type: string): number => {
  const at = bytes.indexOf(type);
  assert.ok(at > 0, `no ${type}`);
  return at + 4;
};

/** Returns the decode time and duration of a fragment in ticks, and whether it starts with a sync sample. */
function timing(fragment: Buffer): { start: number; duration: number; sync: boolean } {
  const start = Number(fragment.readBigUInt64BE(box(fragment, "tfdt") + 4));
  const tfhd = box(fragment, "tfhd");
  const headerFlags = fragment.readUInt32BE(tfhd) & 0xffffff;
  let at = tfhd + 8;
  const field = (flag: number) => {
    if (!(headerFlags & flag)) return undefined;
    at += 4;
    return fragment.readUInt32BE(at - 4);
  };
  const [defaultDuration, , defaultFlags] = [0x08, 0x10, 0x20].map(field);
  const trun = box(fragment, "trun");
  const flags = fragment.readUInt32BE(trun) & 0xffffff;
  const count = fragment.readUInt32BE(trun + 4);
  const first = flags & 0x04 ? fragment.readUInt32BE(trun + 8 + (flags & 0x01 ? 4 : 0)) : defaultFlags;
  // Audio has its defaults in trex: 1024 samples per packet, all of them sync samples.
  const each = flags & 0x100 ? undefined : (defaultDuration ?? 1024);
  assert.ok(each !== undefined, "samples of different lengths");
  return { start, duration: count * each, sync: ((first ?? 0) & 0x10000) === 0 };
}

const shuffled = <T>(items: readonly T[]): T[] => {
  const rest = [...items];
  let state = 5;
  return items.map(() => {
    state = (state * 75 + 74) % 65537;
    return rest.splice(state % rest.length, 1)[0]!;
  });
};

async function fetchAll(server: TestServer, urls: readonly string[]): Promise<Map<string, Buffer>> {
  const bodies = new Map<string, Buffer>();
  for (const url of urls) {
    const { status, body } = await server.get(url);
    assert.equal(status, 200, url);
    bodies.set(new URL(url).pathname, body);
  }
  return bodies;
}

/** Returns the smallest variant and all audio. */
const playable = (media: readonly MediaListing[]) => [
  ...media.filter(({ kind }) => kind === "video").slice(-1),
  ...media.filter(({ kind }) => kind === "audio"),
];

for (const [name, video] of Object.entries(VIDEOS)) {
  test(`${name}: segments are the same in any request order, and each starts where the previous one ends`, async (t) => {
    const [one, other] = [await testServer(t, { video }), await testServer(t, { video })];
    const { media } = await servedVideo(one, "video/master.m3u8");
    for (const playlist of playable(media)) {
      const { init, segments, durations } = parseMediaPlaylist(playlist);
      const [inOrder, anyOrder] = [
        await fetchAll(one, [init!, ...segments]),
        await fetchAll(
          other,
          shuffled([...segments, init!]).map((url) => url.replace(one.url, other.url).replace(/\?v=.*/, "")),
        ),
      ];
      for (const [path, body] of inOrder) assert.ok(body.equals(anyOrder.get(path)!), path);
      const rate = playlist.kind === "video" ? (VIDEOS.carphone === video ? 30000 : 25) : 48000;
      let next = 0;
      for (const [k, url] of segments.entries()) {
        const { start, duration, sync } = timing(inOrder.get(new URL(url).pathname)!);
        assert.equal(start, next, url);
        assert.ok(sync, `${url} does not start with a keyframe`);
        assert.ok(Math.abs(duration / rate - durations[k]!) < 1e-8, url);
        next = start + duration;
      }
    }
  });

  test(`${name}: no run of segments exceeds the stated bandwidth, and playlists are the same before and after segments are cached`, async (t) => {
    const server = await testServer(t, { video: { ...video, widths: [12] } });
    const cold = await servedVideo(server, "video/master.m3u8");
    const inits = new Map<string, Buffer>();
    const target = Number(/TARGETDURATION:(\d+)/.exec(cold.media[0]!.text)?.[1]);
    const segmentSizes = async (playlist: MediaListing) => {
      const { init, segments, durations } = parseMediaPlaylist(playlist);
      if (init !== undefined) inits.set(init, (await server.get(init)).body);
      const bodies = await fetchAll(server, segments);
      return [...bodies.values()].map((body, k) => ({ bits: 8 * body.length, seconds: durations[k]! }));
    };
    const rates = async (playlist: MediaListing) => {
      const measured = await segmentSizes(playlist);
      const sum = (of: (segment: { bits: number; seconds: number }) => number) =>
        measured.reduce((total, segment) => total + of(segment), 0);
      return [
        peakBitrate(measured, target),
        sum(({ bits }) => bits) / sum(({ seconds }) => seconds),
      ] as const;
    };
    const [audio] = cold.media.filter(({ kind }) => kind === "audio");
    const audioRates = await rates(audio!);
    const stated = (uri: string) => {
      const lines = cold.master.text.split("\n");
      const at = lines.findIndex((line) => line.includes(uri));
      const line = lines[at]!.startsWith("#") ? lines[at]! : lines[at - 1]!;
      return [/[:,]BANDWIDTH=(\d+)/, /AVERAGE-BANDWIDTH=(\d+)/].map((of) => Number(of.exec(line)?.[1]));
    };
    const frames = (kind: MediaListing["kind"]) =>
      cold.media.filter((listing) => listing.kind === kind).slice(0, 1);
    for (const playlist of [...frames("video"), ...frames("keyframes")]) {
      const [peak, average] = await rates(playlist);
      const extra = playlist.kind === "video" ? audioRates : [0, 0];
      const uri = new URL(playlist.url).pathname.replace("/video/", "");
      const [max, mean] = stated(uri);
      assert.ok(peak + extra[0]! <= max!, `${uri}: ${peak + extra[0]!} bits per second, stated ${max}`);
      assert.ok(
        average + extra[1]! <= mean!,
        `${uri}: ${average + extra[1]!} bits per second, stated ${mean}`,
      );
    }
    for (const [url, bytes] of inits) assert.ok((await server.get(url)).body.equals(bytes), url);
    assert.deepEqual(await servedVideo(server, "video/master.m3u8"), cold);
  });
}
