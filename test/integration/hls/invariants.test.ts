import assert from "node:assert/strict";
import { test } from "node:test";
import { peakBitrate, type SegmentSize } from "../../../server/hls/bandwidth.js";
import { fragmentTiming } from "../../support/fragment-timing.js";
import type { MediaListing } from "../../support/hls-rules.js";
import { fetchServedVideo, parseMediaPlaylist } from "../../support/hls-served.js";
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

/** Default sample duration in trex: audio has 1024 samples per packet; video durations are in tfhd or trun. */
const TREX_DURATION = 1024;

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
    const [first, second] = [await testServer(t, { video }), await testServer(t, { video })];
    const { media } = await fetchServedVideo(first, "video/master.m3u8");
    for (const playlist of playable(media)) {
      const { init, segments, durations } = parseMediaPlaylist(playlist);
      const [inOrder, outOfOrder] = [
        await fetchAll(first, [init!, ...segments]),
        await fetchAll(
          second,
          shuffled([...segments, init!]).map((url) =>
            url.replace(first.url, second.url).replace(/\?v=.*/, ""),
          ),
        ),
      ];
      for (const [path, body] of inOrder) assert.ok(body.equals(outOfOrder.get(path)!), path);
      const timescale = playlist.kind === "video" ? (VIDEOS.carphone === video ? 30000 : 25) : 48000;
      let end = 0;
      for (const [k, url] of segments.entries()) {
        const fragment = inOrder.get(new URL(url).pathname)!;
        const { decodeTime, duration, startsWithSync } = fragmentTiming(fragment, TREX_DURATION);
        assert.equal(decodeTime, end, url);
        assert.ok(startsWithSync, `${url} does not start with a sync sample`);
        assert.ok(Math.abs(duration / timescale - durations[k]!) < 1e-8, url);
        end = decodeTime + duration;
      }
    }
  });

  test(`${name}: no run of segments exceeds the stated bandwidth, and cached segments do not change the playlists`, async (t) => {
    const server = await testServer(t, { video: { ...video, widths: [12] } });
    const cold = await fetchServedVideo(server, "video/master.m3u8");
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
      const sum = (key: keyof SegmentSize) => measured.reduce((total, segment) => total + segment[key], 0);
      return [peakBitrate(measured, target), sum("bits") / sum("seconds")] as const;
    };
    const [audio] = cold.media.filter(({ kind }) => kind === "audio");
    const audioRates = await rates(audio!);
    const stated = (uri: string) => {
      const lines = cold.master.text.split("\n");
      const at = lines.findIndex((line) => line.includes(uri));
      const line = lines[at]!.startsWith("#") ? lines[at]! : lines[at - 1]!;
      return [/[:,]BANDWIDTH=(\d+)/, /AVERAGE-BANDWIDTH=(\d+)/].map((pattern) =>
        Number(pattern.exec(line)?.[1]),
      );
    };
    const first = (kind: MediaListing["kind"]) => cold.media.find((listing) => listing.kind === kind)!;
    for (const playlist of [first("video"), first("keyframes")]) {
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
    assert.deepEqual(await fetchServedVideo(server, "video/master.m3u8"), cold);
  });
}
