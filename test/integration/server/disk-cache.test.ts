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
import { createRandom } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };

const openCache = (folder: string, more: Partial<DiskCacheOptions> = {}) =>
  DiskCache.open({
    folder,
    maxBytes: 100_000,
    namespace: "one",
    onError: (error) => assert.fail(String(error)),
    ...more,
  });

/** Pseudo-random bytes that differ for each key. */
const content = (key: string, size: number) => {
  const next = createRandom(Number(key) + 1);
  return Uint8Array.from({ length: size }, () => next() * 128 + 128);
};

/** Sums up the file sizes in a folder. Returns undefined if the folder changed in the meantime. */
async function bytesIn(folder: string): Promise<number | undefined> {
  const listFiles = async () => {
    const names = (await readdir(folder)).sort();
    return Promise.all(
      names.map(async (name) => {
        const stats = await stat(join(folder, name), { bigint: true }).catch(() => undefined);
        return { name, size: Number(stats?.size ?? 0), id: `${stats?.ino} ${stats?.ctimeNs}` };
      }),
    );
  };
  const [before, after] = [await listFiles(), await listFiles()];
  if (!isDeepStrictEqual(before, after)) return undefined;
  return after.reduce((total, { size }) => total + size, 0);
}

test("after a restart the disk cache serves the same bytes without decoding", async (t) => {
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
  const cached = await Promise.all(paths.map((path) => second.get(path)));
  for (const [i, { status, body }] of cached.entries()) {
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

test("a truncated or corrupted entry is computed again", async (t) => {
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

test("two processes that share a folder stay within the bound and never read partial entries", async (t) => {
  const folder = await tempFolder(t);
  const maxBytes = 400_000;
  const writer = `
    import { DiskCache } from ${JSON.stringify(new URL("../../../server/cache/disk-cache.js", import.meta.url).href)};
    const onError = (error) => { throw error; };
    const cache = await DiskCache.open({ folder: process.argv[1], maxBytes: ${maxBytes}, namespace: "one", onError });
    for (let i = 0; i < 150; i++) {
      const key = (i * 7) % 90;
      const bytes = new Uint8Array(2000 + key * 150).fill(key);
      const found = await cache.get(String(key));
      if (found && Buffer.compare(found, bytes) !== 0) throw new Error("wrong bytes");
      if (!found) cache.put(String(key), bytes);
      if (i % 5 === 0) await cache.flush();
    }
    await cache.flush();
    process.stdout.write(JSON.stringify(cache.counts));
  `;
  const children = [1, 2].map(() =>
    spawn(process.execPath, ["--input-type=module", "-e", writer, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  const outputs = children.map(({ stdout }) => text(stdout));
  let running = true;
  const exits = Promise.all(children.map((child) => once(child, "close"))).finally(() => {
    running = false;
  });
  let max = 0;
  while (running) {
    max = Math.max(max, (await bytesIn(folder)) ?? 0);
    await sleep(2);
  }
  max = Math.max(max, (await bytesIn(folder)) ?? 0);
  assert.deepEqual(
    (await exits).map(([code]) => code),
    [0, 0],
  );
  const counts = (await Promise.all(outputs)).map((json) => JSON.parse(json) as DiskCacheCounts);
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

test("the least recently used entries are evicted first, and other files are kept", async (t) => {
  const folder = await tempFolder(t);
  await writeFile(join(folder, "video.siedd"), new Uint8Array(200_000));
  const hash = "0123456789abcdef0123456789abcdef01234567";
  const temporaryFiles = [join(folder, `${hash}.siedd-cache.0123456789ab.tmp`), join(folder, "mine.tmp")];
  const old = new Date(Date.now() - 3600_000);
  for (const file of temporaryFiles) {
    await writeFile(file, "x");
    await utimes(file, old, old);
  }
  const cache = await openCache(folder);
  for (let i = 0; i < 15; i++) cache.put(String(i), content(String(i), 4000));
  await cache.flush();
  for (const name of await readdir(folder)) {
    if (name.endsWith(".siedd-cache")) await utimes(join(folder, name), old, old);
  }
  assert.deepEqual(await cache.get("3"), Buffer.from(content("3", 4000)));
  for (let i = 15; i < 30; i++) cache.put(String(i), content(String(i), 4000));
  await cache.flush();
  assert.ok((await cache.get("3")) !== undefined, "recently read");
  assert.ok((await cache.get("29")) !== undefined, "recently written");
  const { evicted, bytes } = cache.counts;
  assert.ok(evicted >= 5 && bytes <= 100_000);
  assert.deepEqual((await readdir(folder)).filter((name) => !name.endsWith(".siedd-cache")).sort(), [
    "mine.tmp",
    "video.siedd",
  ]);
});

test("entries of another namespace are not found, and entries that are too large are not stored", async (t) => {
  const folder = await tempFolder(t);
  const one = await openCache(folder);
  one.put("a", content("1", 1000));
  one.put("large", content("1", 6000));
  await one.flush();
  const two = await openCache(folder, { namespace: "two" });
  assert.equal(await two.get("a"), undefined);
  assert.equal(await one.get("large"), undefined);
  assert.ok((await one.get("a")) !== undefined);
});

test("an unwritable folder is rejected at startup, and the server survives losing the folder later", async (t) => {
  const folder = await tempFolder(t);
  const file = join(folder, "file");
  await writeFile(file, "");
  for (const cacheDir of [file, join(file, "below")]) {
    await assert.rejects(serve({ root: folder, port: 0, cacheDir }), (error) => {
      assert.ok(error instanceof ServeError && error.code === "bad-option");
      assert.match(error.message, /options\.cacheDir must be a writable folder.* "/);
      return true;
    });
  }
  const rejected = serve({ root: folder, port: 0, cacheDir: folder, cacheDirBytes: 1000 });
  await assert.rejects(rejected, /options\.cacheDirBytes must be an? .*16777216/);
  const cacheDir = join(folder, "cache");
  const server = await testServer(t, { video: SMALL }, { cacheDir });
  await rm(cacheDir, { recursive: true });
  assert.equal((await server.get("video/full/80,46/seg-0.m4s")).status, 200);
  assert.equal((await server.get("video/full/80,46/seg-1.m4s")).status, 200);
});
