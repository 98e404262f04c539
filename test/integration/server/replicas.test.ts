import assert from "node:assert/strict";
import { copyFile, open, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ffmpeg, lavfi } from "../../support/odd-videos.js";
import { originServer } from "../../support/origin-server.js";
import { type TestServer, testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

const SMALL = { width: 160, height: 90, groups: [10, 10], tone: 0.8 };
/** More than the part of a file that is hashed in full. */
const LARGE = { width: 640, height: 360, groups: [2, 2, 2, 2, 2, 2, 2, 2], tileWidth: 16 };
const ONE_WORKER = { workers: 1 };

const versionOf = async (server: TestServer, id: string): Promise<string> =>
  JSON.parse((await server.get(`${id}/info.json`)).text).v;

const IDS = ["video", "old", "large", "oldLarge"];

/** Returns an asset with an identity, as the encoder writes it. */
function withIdentity(asset: Uint8Array): Uint8Array {
  const bytes = Buffer.from(asset);
  bytes.write("any sixteen byte", bytes.indexOf("sivI") + 4);
  return bytes;
}

/** Returns an asset without an identity, as earlier versions wrote it: readers skip the box "free". */
function withoutIdentity(asset: Uint8Array): Uint8Array {
  const bytes = Buffer.from(asset);
  bytes.write("free", bytes.indexOf("sivI"));
  return bytes;
}

/** Starts two servers with the same files, which have other modification times on each. */
async function replicas(t: TestContext): Promise<readonly [TestServer, TestServer]> {
  const small = syntheticAsset(SMALL);
  const large = syntheticAsset(LARGE);
  assert.ok(large.length > 300_000);
  const assets = {
    video: withIdentity(small),
    old: withoutIdentity(small),
    large,
    oldLarge: withoutIdentity(large),
  };
  const first = await testServer(t, assets, ONE_WORKER);
  // Not encoded: it is identified in the same way.
  const source = join(first.root, "source.mp4");
  await ffmpeg(...lavfi("testsrc=s=64x36:r=10:d=1"), "-c:v", "libx264", "-preset", "ultrafast", source);
  const root = await tempFolder(t);
  for (const file of [...IDS.map((id) => `${id}.siedd`), "source.mp4"]) {
    await copyFile(join(first.root, file), join(root, file));
    await utimes(join(root, file), new Date(2001, 0, 1), new Date(2001, 0, 1));
  }
  return [first, await testServer(t, {}, { root, ...ONE_WORKER })];
}

test("copies of a file have the same URLs and ETags on all servers, whatever their modification times", async (t) => {
  const [first, second] = await replicas(t);
  for (const id of [...IDS, "source"]) {
    const v = await versionOf(first, id);
    const size = id === "source" ? ["64,36", "64,36"] : ["80,46", "80,45"];
    const paths = [
      "info.json",
      "master.m3u8",
      "elastic.m3u8",
      `full/${size[0]}/index.m3u8`,
      `full/${size[0]}/seg-0.m4s?v=${v}`,
      `full/${size[1]}/frame-0.jpg?v=${v}`,
      ...(id === "source" ? [] : ["asset"]),
      ...(id === "video" ? [`audio-0/seg-0.m4s?v=${v}`, "storyboard.vtt"] : []),
    ];
    for (const path of paths) {
      const [one, two] = [await first.get(`${id}/${path}`), await second.get(`${id}/${path}`)];
      assert.deepEqual([one.status, two.status], [200, 200], path);
      assert.equal(two.headers.get("etag"), one.headers.get("etag"), path);
      assert.ok(one.body.equals(two.body), path);
    }
  }
  const versions = await Promise.all(IDS.map((id) => versionOf(first, id)));
  assert.equal(new Set(versions).size, 4);
});

test("a file has the same URLs on another server, in a folder and at a URL", async (t) => {
  const origin = await originServer(t);
  const asset = withIdentity(syntheticAsset(LARGE));
  const local = await testServer(t, { video: asset }, ONE_WORKER);
  origin.files.set("video.siedd", { bytes: asset, etag: '"one"' });
  const options = { root: `${origin.url}video.siedd`, originRefreshSeconds: 0, ...ONE_WORKER };
  const remote = await testServer(t, {}, options);
  const version = await versionOf(local, "video");
  assert.equal(await versionOf(remote, "video"), version);
  assert.ok(origin.sent < asset.length, `${origin.sent} of ${asset.length} bytes`);
  // A new validator for the same bytes, as after another upload.
  origin.files.set("video.siedd", { bytes: asset, etag: '"two"' });
  assert.equal(await versionOf(remote, "video"), version);
  origin.files.set("video.siedd", { bytes: withoutIdentity(asset), etag: '"three"' });
  assert.notEqual(await versionOf(remote, "video"), version);
});

test("an edited file gets new URLs, and the original bytes get the original URLs back", async (t) => {
  const [server] = await replicas(t);
  for (const id of IDS) {
    const path = join(server.root, `${id}.siedd`);
    const original = await readFile(path);
    const version = await versionOf(server, id);
    {
      await using file = await open(path, "r+");
      await file.write(Buffer.from([original[original.length - 100]! ^ 1]), 0, 1, original.length - 100);
    }
    assert.notEqual(await versionOf(server, id), version, id);
    await writeFile(path, original);
    assert.equal(await versionOf(server, id), version, id);
  }
});
