import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchServedVideo, parseMediaPlaylist } from "../../support/hls-served.js";
import { testServer } from "../../support/running-server.js";

const cue = (start: number, end: number, text: string) => ({ start, end, settings: "", text });
const VIDEO = {
  width: 160,
  height: 90,
  widths: [4],
  tone: 1,
  groups: [10, 10],
  text: [{ language: "eng", cues: [cue(0, 400, "Hello")] }],
};
const HEADERS = ["content-type", "etag", "cache-control", "link", "accept-ranges", "last-modified"];

test("HEAD returns the headers of GET for every URL of a video, without a body and without work", async (t) => {
  const server = await testServer(t, { video: VIDEO });
  const { media } = await fetchServedVideo(server, "video/master.m3u8");
  const elastic = await server.get("video/full/elastic/index.m3u8");
  const listings = [
    ...["video", "keyframes", "audio", "text", "images"].flatMap(
      (kind) => media.filter((listing) => listing.kind === kind).at(-1) ?? [],
    ),
    { url: `${server.url}video/full/elastic/index.m3u8`, text: elastic.text },
  ];
  const { links } = JSON.parse((await server.get("video/info.json")).text);
  const urls = [
    ...["", "healthz", "video/info.json", "video/master.m3u8", "video/elastic.m3u8", "video/manifest.mpd"],
    ...["video/full/80,/playlist.m3u8", "video/full/80,/index.mpd"],
    ...[links.asset, links.poster, links.storyboard, ...links.subtitles].map((link) => `video/${link}`),
    ...listings.flatMap((listing) => {
      const { init, segments } = parseMediaPlaylist(listing);
      const last = segments.at(-1)!.replace(/%7Bsize%7D/, "96,54");
      return [listing.url, ...(init === undefined ? [] : [init]), last];
    }),
  ];
  assert.equal(new Set(urls).size, 28, urls.join("\n"));
  const heads = await Promise.all(urls.map((url) => server.get(url, { method: "HEAD" })));
  assert.deepEqual(server.work, []);
  for (const [i, url] of urls.entries()) {
    const [head, get] = [heads[i]!, await server.get(url)];
    assert.deepEqual([head.status, head.body.length], [200, 0], url);
    assert.ok(get.status === 200 && get.body.length > 0, url);
    for (const name of HEADERS)
      assert.equal(head.headers.get(name), get.headers.get(name), `${name} of ${url}`);
  }
});
