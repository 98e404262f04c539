import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { DiskCache, type DiskCacheCounts, type DiskCacheOptions } from "../../../server/cache/disk-cache.js";
import { ServeError, serve } from "../../../server/index.js";
import { testServer } from "../../support/running-server.js";
import { noise } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };

const openCache = (folder: string, more: Partial<DiskCacheOptions> = {}) =>
  DiskCache.open({
    ...{ folder, maxBytes: 100_000, recipe: "one" },
    onProblem: (error) => assert.fail(String(error)),
    ...more,
  });

/** Bytes that tell their key. */
const content = (key: string, size: number) => {
  const next = noise(Number(key) + 1);
  return Uint8Array.from({ length: size }, () => next() * 128 + 128);
};

/** Bytes in a folder at one moment; undefined where it changed while they were counted. */
async function bytesIn(folder: string): Promise<number | undefined> {
  const look = async () => {
    const names = (await readdir(folder)).sort();
    return Promise.all(
      names.map(async (name) => {
        const found = await stat(join(folder, name), { bigint: true }).catch(() => undefined);
        return { name, size: Number(found?.size ?? 0), id: `${found?.ino} ${found?.ctimeNs}` };
      }),
    );
  };
  const [before, after] = [await look(), await look()];
  if (!isDeepStrictEqual(before, after)) return undefined;
  return after.reduce((total, { size }) => total + size, 0);
}

test("after a restart the same bytes come from the disk, and nothing is decoded", async (t) => {
  const cacheDir = join(await tempFolder(t), "not", "there yet");
  const paths = [
    "video/full/80,46/init.mp4",
    "video/full/80,46/seg-1.m4s",
    "video/full/66,37/frame-100.webp",
    "video/storyboard-0.jpg",
  ];
  const first = await testServer(t, { video: SMALL }, { cacheDir });
  const computed = await Promise.all(paths.map((path) => first.get(path)));
  await first.close();
  assert.ok(first.work.length >= 3);

  const second = await testServer(t, {}, { cacheDir, root: first.root });
  const again = await Promise.all(paths.map((path) => second.get(path)));
  for (const [i, { status, body }] of again.entries()) {
    assert.equal(status, 200);
    assert.ok(body.equals(computed[i].body), paths[i]);
  }
  assert.deepEqual(second.work, []);
  const { text: metrics } = await second.get("metrics");
  assert.match(metrics, /siedd_cache_requests_total\{from="disk"\} 4\n/);
  assert.match(metrics, /siedd_cache_requests_total\{from="computed"\} 0\n/);
  assert.match(metrics, /siedd_cache_bytes\{tier="disk"\} [1-9]/);
  await second.get(paths[0]);
  assert.match((await second.get("metrics")).text, /from="memory"\} 1\n/);
});

test("an entry that was cut off or flipped is computed again", async (t) => {
  const cacheDir = await tempFolder(t);
  const path = "video/full/80,46/seg-0.m4s";
  const first = await testServer(t, { video: SMALL }, { cacheDir });
  const { body } = await first.get(path);
  await first.close();
  for (const damage of [
    (file: string) => truncate(file, 0),
    (file: string) => truncate(file, 500),
    async (file: string) => {
      const bytes = await readFile(file);
      bytes[bytes.length - 9] ^= 1;
      await writeFile(file, bytes);
    },
  ]) {
    for (const name of await readdir(cacheDir)) await damage(join(cacheDir, name));
    const server = await testServer(t, {}, { cacheDir, root: first.root });
    assert.ok((await server.get(path)).body.equals(body));
    assert.equal(server.work.filter(({ type }) => type === "segment").length, 1);
    await server.close();
  }
});

test("two processes on one folder stay within the bound, and read whole entries only", async (t) => {
  const folder = await tempFolder(t);
  const maxBytes = 400_000;
  const writer = `
    import { DiskCache } from ${JSON.stringify(new URL("../../../server/cache/disk-cache.js", import.meta.url).href)};
    const onProblem = (error) => { throw error; };
    const cache = await DiskCache.open({ folder: process.argv[1], maxBytes: ${maxBytes}, recipe: "one", onProblem });
    for (let i = 0; i < 150; i++) {
      const key = (i * 7) % 90;
      const bytes = new Uint8Array(2000 + key * 150).fill(key);
      const found = await cache.get(String(key));
      if (found && Buffer.compare(found, bytes) !== 0) throw new Error("another entry's bytes");
      if (!found) cache.put(String(key), bytes);
      if (i % 5 === 0) await cache.settled();
    }
    await cache.settled();
    process.stdout.write(JSON.stringify(cache.counts));
  `;
  const children = [1, 2].map(() =>
    spawn(process.execPath, ["--input-type=module", "-e", writer, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  const said = children.map(({ stdout }) => text(stdout));
  let running = true;
  const ends = Promise.all(children.map((child) => once(child, "close"))).finally(() => {
    running = false;
  });
  let max = 0;
  while (running) {
    max = Math.max(max, (await bytesIn(folder)) ?? 0);
    await sleep(2);
  }
  max = Math.max(max, (await bytesIn(folder)) ?? 0);
  assert.deepEqual(
    (await ends).map(([code]) => code),
    [0, 0],
  );
  const counts = (await Promise.all(said)).map((json) => JSON.parse(json) as DiskCacheCounts);
  assert.deepEqual(
    counts.map(({ failed }) => failed),
    [0, 0],
  );
  assert.ok(counts.some(({ evicted }) => evicted > 0));
  assert.ok(max > maxBytes / 2 && max <= maxBytes, `${max} bytes`);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.endsWith(".tmp")),
    [],
  );
});

test("what was used longest ago goes first, and foreign files stay", async (t) => {
  const folder = await tempFolder(t);
  await writeFile(join(folder, "video.siedd"), new Uint8Array(200_000));
  const hash = "0123456789abcdef0123456789abcdef01234567";
  const left = [join(folder, `${hash}.siedd-cache.0123456789ab.tmp`), join(folder, "mine.tmp")];
  const old = new Date(Date.now() - 3600_000);
  for (const file of left) {
    await writeFile(file, "x");
    await utimes(file, old, old);
  }
  const cache = await openCache(folder);
  for (let i = 0; i < 15; i++) cache.put(String(i), content(String(i), 4000));
  await cache.settled();
  for (const name of await readdir(folder)) {
    if (name.endsWith(".siedd-cache")) await utimes(join(folder, name), old, old);
  }
  assert.deepEqual(await cache.get("3"), Buffer.from(content("3", 4000)));
  for (let i = 15; i < 30; i++) cache.put(String(i), content(String(i), 4000));
  await cache.settled();
  assert.ok((await cache.get("3")) !== undefined, "used a moment ago");
  assert.ok((await cache.get("29")) !== undefined, "written a moment ago");
  const { evicted, bytes } = cache.counts;
  assert.ok(evicted >= 5 && bytes <= 100_000);
  assert.deepEqual((await readdir(folder)).filter((name) => !name.endsWith(".siedd-cache")).sort(), [
    "video.siedd",
    "mine.tmp",
  ]);
});

test("entries of another recipe are not found, and too large ones not kept", async (t) => {
  const folder = await tempFolder(t);
  const one = await openCache(folder);
  one.put("a", content("1", 1000));
  one.put("large", content("1", 6000));
  await one.settled();
  const two = await openCache(folder, { recipe: "two" });
  assert.equal(await two.get("a"), undefined);
  assert.equal(await one.get("large"), undefined);
  assert.ok((await one.get("a")) !== undefined);
});

test("a folder that cannot be written is refused at the start, and one that goes away later is done without", async (t) => {
  const folder = await tempFolder(t);
  const file = join(folder, "file");
  await writeFile(file, "");
  for (const cacheDir of [file, join(file, "below")]) {
    await assert.rejects(serve({ root: folder, port: 0, cacheDir }), (error) => {
      assert.ok(error instanceof ServeError && error.code === "bad-option");
      assert.match(error.message, /options\.cacheDir must be a folder that can be written, not "/);
      return true;
    });
  }
  const refused = serve({ root: folder, port: 0, cacheDir: folder, cacheDirBytes: 1000 });
  await assert.rejects(refused, /options\.cacheDirBytes must be a whole number from 16777216 to/);
  const cacheDir = join(folder, "cache");
  const server = await testServer(t, { video: SMALL }, { cacheDir });
  await rm(cacheDir, { recursive: true });
  assert.equal((await server.get("video/full/80,46/seg-0.m4s")).status, 200);
  assert.equal((await server.get("video/full/80,46/seg-1.m4s")).status, 200);
});
