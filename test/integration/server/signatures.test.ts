import assert from "node:assert/strict";
import { test } from "node:test";
import fastify from "fastify";
import siedd, { ServeError, type SignUrlOptions, serve, signUrl } from "../../../server/index.js";
import { parseManifest } from "../../support/dash-manifest.js";
import { testServer } from "../../support/running-server.js";
import { tempFolder } from "../../support/temp-folder.js";

const SMALL = { width: 160, height: 90, groups: [10, 10], tone: 1 };
const OLD = { id: "2025", secret: "an old secret of 28 characters" };
const NEW = { id: "2026", secret: "a new secret, also long enough" };

/** Returns the absolute URLs of all links of a playlist. */
const linksOf = (text: string, base: string): string[] =>
  [...text.matchAll(/^[^#\n].*$|URI="([^"]+)"/gm)].map(([line, uri]) => new URL(uri ?? line, base).href);

/** Returns the absolute URLs of the init segments and first segments of a manifest. */
const manifestLinks = (text: string, url: string): string[] =>
  parseManifest(text, url).representations.flatMap(({ init, segments }) => [
    ...(init === undefined ? [] : [init]),
    segments[0]!.url,
  ]);

test("a signed URL opens its video and everything that its playlists link to", async (t) => {
  const server = await testServer(t, { video: SMALL, other: SMALL }, { signKeys: [NEW, OLD] });
  for (const key of [OLD, NEW]) {
    const sign = (path: string) => signUrl(`${server.url}${path}`, { key, expires: 60 });
    const visited = new Set<string>();
    const crawl = async (url: string): Promise<void> => {
      if (visited.has(url)) return;
      visited.add(url);
      const response = await server.get(url.replace("%7Bsize%7D", "80,46"));
      assert.equal(response.status, 200, url);
      const type = response.headers.get("content-type") ?? "";
      if (!/mpegurl|vtt|dash/.test(type)) return;
      assert.equal(response.headers.get("cache-control"), "private, no-cache");
      const links = type.includes("vtt")
        ? [...response.text.matchAll(/^\S+#xywh=\S+$/gm)].map(
            ([link]) => new URL(link, url).href.split("#", 1)[0],
          )
        : type.includes("dash")
          ? manifestLinks(response.text, url)
          : linksOf(response.text, url);
      // In a long ladder, checking the first and last links is enough.
      for (const link of [...links.slice(0, 4), ...links.slice(-1)]) await crawl(link);
    };
    await crawl(sign("video/master.m3u8?width=160&height=90"));
    await crawl(sign("video/elastic.m3u8"));
    await crawl(sign("video/storyboard.vtt"));
    await crawl(sign("video/full/%5E170,/playlist.m3u8"));
    await crawl(sign("video/manifest.mpd?size=max"));
    await crawl(sign("video/full/%5E170,/index.mpd"));
    const info = JSON.parse((await server.get(sign("video/info.json"))).text);
    for (const link of [info.links.asset, info.links.poster, info.links.master, info.links.audio[0]]) {
      assert.equal((await server.get(new URL(link, `${server.url}video/`).href)).status, 200, link);
    }
    assert.ok(visited.size > 25, `${visited.size} URLs`);
  }
});

test("a URL with a missing, wrong, altered or expired signature gets 403, and nothing is computed", async (t) => {
  const server = await testServer(t, { video: SMALL, other: SMALL }, { signKeys: [NEW] });
  const path = `${server.url}video/full/80,46/seg-0.m4s`;
  const assertRejected = async (url: string, code: string) => {
    for (const method of ["GET", "HEAD"]) {
      const response = await server.get(url, { method });
      assert.equal(response.status, 403, url);
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(response.headers.get("access-control-allow-origin"), "*");
      if (method === "GET") assert.equal(response.code, code, url);
    }
  };
  const good = signUrl(path, { key: NEW, expires: 60 });
  const signature = new URL(good).searchParams.get("sig") ?? "";
  await assertRejected(path, "bad-signature");
  await assertRejected(`${path}?sig=`, "bad-signature");
  await assertRejected(`${path}?sig=${signature}&sig=${signature}`, "bad-signature");
  await assertRejected(good.replace("/video/", "/other/"), "bad-signature");
  await assertRejected(signUrl(path, { key: OLD, expires: 60 }), "bad-signature");
  await assertRejected(signUrl(path, { key: { ...NEW, secret: OLD.secret }, expires: 60 }), "bad-signature");
  await assertRejected(signUrl(path, { key: NEW, expires: new Date("2020-01-01") }), "expired-signature");
  for (const at of [0, 6, 12, 14, signature.length - 1, signature.length - 20]) {
    const other = signature[at] === "A" ? "B" : "A";
    await assertRejected(
      `${path}?sig=${signature.slice(0, at)}${other}${signature.slice(at + 1)}`,
      "bad-signature",
    );
  }
  // The last character of the MAC has two unused bits, which must not be ignored.
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(signature.at(-1) ?? "");
  await assertRejected(`${path}?sig=${signature.slice(0, -1)}${alphabet[last ^ 1]}`, "bad-signature");
  await assertRejected(server.url, "bad-signature");
  assert.equal((await server.get(`video%2F..%2Fother/info.json?sig=${signature}`)).code, "bad-url");
  await assertRejected(
    signUrl(`${server.url}video/`, { key: NEW, expires: 60 }).replace("video/", ""),
    "bad-signature",
  );
  assert.deepEqual(server.work, []);
  for (const publicPath of ["healthz", "metrics", "player/siedd-player.js"]) {
    assert.notEqual((await server.get(publicPath)).status, 403, publicPath);
  }
  assert.equal((await server.get(good)).status, 200);
  // URLs that differ only in their signature share a cache entry.
  assert.equal((await server.get(signUrl(path, { key: NEW, expires: 600 }))).status, 200);
  assert.equal(server.work.length, 1);
});

test("a signature may be limited to one path or to a size, or cover all videos", async (t) => {
  const server = await testServer(t, { video: SMALL, other: SMALL }, { signKeys: [NEW] });
  const sign = (path: string, options: Partial<SignUrlOptions> = {}) =>
    signUrl(`${server.url}${path}`, { key: NEW, expires: 60, ...options });
  const query = (url: string) => new URL(url).search.slice(1);
  const status = async (path: string, signed: string) =>
    (await server.get(`${path}${path.includes("?") ? "&" : "?"}${query(signed)}`)).status;

  const frame = "video/full/%5E320,180/frame-100.jpg";
  const pathOnly = sign(frame, { scope: "path" });
  assert.equal(await status(frame, pathOnly), 200);
  assert.equal(await status("video/full/^320,180/frame-100.jpg", pathOnly), 200);
  for (const path of [
    "video/full/%5E322,180/frame-100.jpg",
    "video/pct:0,0,50,50/%5E320,180/frame-100.jpg",
    "video/info.json",
  ]) {
    assert.equal(await status(path, pathOnly), 403, path);
  }

  const limited = sign("video/", { maxSide: 80 });
  assert.equal(await status("video/full/80,45/frame-0.jpg", limited), 200);
  assert.equal(await status("video/full/80,/elastic-0.m4s", limited), 200);
  for (const path of [
    "video/full/82,46/elastic-0.m4s",
    "video/full/max/init.mp4",
    "video/full/81,45/frame-0.jpg",
    "video/asset",
  ]) {
    assert.equal(await status(path, limited), 403, path);
  }
  const master = await server.get(`video/master.m3u8?${query(sign("video/", { maxArea: 130 * 74 }))}`);
  assert.deepEqual(
    [...master.text.matchAll(/RESOLUTION=(\d+)/g)]
      .map(([, width]) => Number(width))
      .filter((width) => width > 130),
    [],
  );
  const { limits } = JSON.parse((await server.get(`video/info.json?${query(limited)}`)).text);
  assert.equal(limits.maxSide, 80);

  const all = sign("", { scope: "all" });
  const { assets } = JSON.parse((await server.get(`?${query(all)}`)).text);
  assert.equal(assets.length, 2);
  for (const { info, poster } of assets) {
    assert.equal((await server.get(info)).status, 200);
    assert.equal((await server.get(poster)).status, 200);
  }
});

test("a signature with a size limit binds the storyboard, whose URLs have no size", async (t) => {
  const server = await testServer(t, { video: { ...SMALL, width: 320, height: 180 } }, { signKeys: [NEW] });
  const get = (path: string, limit: Partial<SignUrlOptions>) =>
    server.get(signUrl(`${server.url}video/${path}`, { key: NEW, expires: 60, ...limit }));
  const paths = ["storyboard-0.jpg", "storyboard.vtt", "images.m3u8"];
  for (const path of paths) {
    // Thumbnails have 160x90 pixels.
    assert.equal((await get(path, { maxSide: 160, maxArea: 160 * 90 })).status, 200, path);
    for (const limit of [{ maxSide: 159 }, { maxArea: 160 * 90 - 1 }]) {
      const { status, text } = await get(path, limit);
      assert.equal(status, 403, path);
      assert.match(text, /it allows .* up to \d+ pixels, not 160x90/);
    }
  }
  for (const playlist of ["master.m3u8", "manifest.mpd"]) {
    assert.match((await get(playlist, { maxSide: 160 })).text, /images\.m3u8|storyboard-/, playlist);
    assert.doesNotMatch((await get(playlist, { maxSide: 159 })).text, /images\.m3u8|storyboard-/, playlist);
  }
});

test("the signature is added to the cues of a storyboard, and to no subtitle", async (t) => {
  const line = "storyboard-0.jpg?v=1#xywh=0,0,160,90";
  const cues = [{ start: 0, end: 400, settings: "", text: line }];
  const server = await testServer(
    t,
    { video: { ...SMALL, text: [{ language: "eng", cues }] } },
    { signKeys: [NEW] },
  );
  const get = (path: string) => server.get(signUrl(`${server.url}video/${path}`, { key: NEW, expires: 60 }));
  for (const path of ["text-0.vtt", "text-0/seg-0.vtt"]) {
    const { text: vtt } = await get(path);
    assert.ok(vtt.split("\n").includes(line), vtt);
    assert.doesNotMatch(vtt, /sig=/);
  }
  const storyboard = (await get("storyboard.vtt")).text;
  assert.match(storyboard, /^storyboard-0\.jpg\?v=[\w-]{16}&sig=[\w.-]+#xywh=0,0,160,90$/m);
});

test("a signature with a size limit allows the even size of a video with an odd side", async (t) => {
  const server = await testServer(t, { video: { ...SMALL, width: 161, height: 91 } }, { signKeys: [NEW] });
  const signed = (path: string) =>
    server.get(signUrl(path, { key: NEW, expires: 600, maxSide: 200 }).slice(1));
  const { text } = await signed("/video/master.m3u8");
  const [first] = text.split("\n").filter((line) => line.startsWith("full/"));
  assert.match(first ?? "", /^full\/162,92\//);
  assert.equal((await server.get(`video/${first}`)).status, 200);
});

test("playlists of different signatures have different ETags", async (t) => {
  const server = await testServer(t, { video: SMALL }, { signKeys: [NEW] });
  const get = (expires: number, etag?: string) =>
    server.get(signUrl(`${server.url}video/full/80,46/index.m3u8`, { key: NEW, expires }), {
      headers: etag === undefined ? {} : { "if-none-match": etag },
    });
  const etag = (await get(100)).headers.get("etag") ?? "";
  assert.equal((await get(900, etag)).status, 200);
});

test("the authorize option is called for each request before any work is done", async (t) => {
  const authorized: (string | undefined)[] = [];
  const server = await testServer(
    t,
    { video: SMALL, secret: SMALL, paid: SMALL },
    {
      authorize: async (request, video) => {
        authorized.push(video?.id);
        if (video?.id === "secret") return false;
        if (video?.id === "paid") return 402;
        if (request.headers["x-throw"])
          throw Object.assign(new Error("log in first"), { statusCode: 401, code: "login" });
        return undefined;
      },
    },
  );
  assert.equal((await server.get("video/full/80,46/seg-0.m4s")).status, 200);
  const denied = await server.get("secret/full/80,46/seg-0.m4s");
  assert.deepEqual([denied.status, denied.code], [403, "not-authorized"]);
  assert.equal((await server.get("paid/info.json")).status, 402);
  const thrown = await server.get("video/info.json", { headers: { "x-throw": "1" } });
  assert.deepEqual([thrown.status, thrown.code], [401, "login"]);
  assert.equal((await server.get("")).status, 200);
  assert.deepEqual(authorized, ["video", "secret", "paid", "video", undefined]);
  assert.equal(server.work.length, 1);
});

test("an invalid key, URL or option is rejected with its rule", async (t) => {
  const root = await tempFolder(t);
  for (const [signKeys, message] of [
    [[{ id: "a.b", secret: NEW.secret }], /options\.signKeys\[0\]\.id must be 1 to 32 letters/],
    [[NEW, NEW], /options\.signKeys\[1\]\.id must be .*"2026"/],
    [[{ id: "a", secret: "short" }], /options\.signKeys\[0\]\.secret must have at least 16 characters$/],
  ] as const) {
    await assert.rejects(serve({ root, port: 0, signKeys }), (error) => {
      assert.ok(error instanceof ServeError && error.code === "bad-option");
      assert.match(error.message, message);
      return true;
    });
  }
  assert.throws(() => signUrl("/", { key: NEW, expires: 5 }), /url must be a path that contains a video id/);
  assert.throws(
    () => signUrl("/a/b", { key: NEW, expires: 5, prefix: "/videos" }),
    /url must be a path below "\/videos\/"/,
  );
  assert.throws(
    () => signUrl("/a/b", { key: NEW, expires: 5, maxSide: 0.5 }),
    /maxSide must be an integer from 1 to 9999999/,
  );
  for (const expires of [-1, 0, Number.NaN, Number.POSITIVE_INFINITY, new Date(Number.NaN), "soon"]) {
    assert.throws(
      () => signUrl("/a/b", { key: NEW, expires: expires as number }),
      /signUrl options\.expires must be a date, or a number of seconds > 0 from now/,
      `${expires}`,
    );
  }
  assert.throws(
    () => signUrl("/a/b", { key: NEW, expires: 5, scope: "one" as "all" }),
    /signUrl options\.scope must be one of video, path, all.* "one"/,
  );
  assert.throws(() => signUrl("/a%ff/b", { key: NEW, expires: 5 }), /a path percent-encoded as UTF-8/);
});

test("signatures work below a prefix, and in one of two instances", async (t) => {
  const { root } = await testServer(t, { video: SMALL, "a b%": SMALL });
  const app = fastify({ pluginTimeout: 0 });
  t.after(() => app.close());
  await app.register(siedd, { root, prefix: "/open" });
  await app.register(siedd, { root, prefix: "/closed", signKeys: [NEW] });
  const status = async (url: string) => (await app.inject({ url })).statusCode;
  assert.equal(await status("/open/video/info.json"), 200);
  assert.equal(await status("/closed/video/info.json"), 403);
  for (const id of ["video", "a%20b%25"]) {
    const signed = signUrl(`/closed/${id}/full/80,46/index.m3u8`, {
      key: NEW,
      expires: 60,
      prefix: "/closed",
    });
    const { body, statusCode } = await app.inject({ url: signed });
    assert.equal(statusCode, 200);
    for (const link of linksOf(body, `http://x${signed}`)) {
      assert.equal(await status(link.slice("http://x".length)), 200);
    }
  }
});
