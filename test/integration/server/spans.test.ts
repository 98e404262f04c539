import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { memorySource, openAsset } from "../../../codec/internal.js";
import { runCommand } from "../../support/command.js";
import { originServer } from "../../support/origin-server.js";
import { testServer } from "../../support/running-server.js";
import { SPANS } from "../../support/spans-sample.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";

/** Eleven groups of one second. */
const VIDEO = { ...SPANS, frameRate: { num: 5, den: 1 }, groups: SPANS.groups!.map(() => 5), timeless: true };
const COPIES = { ...VIDEO, copiesSpans: true };

describe("networks that cover several groups", { concurrency: false }, () => {
  test("are served as the same segments and images as copies of them, from a folder and from a server", async (t) => {
    const origin = await originServer(t);
    origin.files.set("videos/spans.siedd", { bytes: syntheticAsset(VIDEO), etag: '"one"' });
    const local = await testServer(t, { copies: COPIES, spans: VIDEO });
    const remote = await testServer(t, {}, { root: `${origin.url}videos/spans.siedd` });
    // The last segment is the first that is decoded.
    for (const path of ["seg-11.m4s", "seg-8.m4s", "seg-3.m4s", "frame-5700.png", "frame-10100.png"]) {
      const expected = await local.get(`copies/full/80,60/${path}`);
      assert.equal(expected.status, 200, path);
      for (const server of [local, remote]) {
        const { status, body } = await server.get(`spans/full/80,60/${path}`);
        assert.equal(status, 200, path);
        assert.ok(body.equals(expected.body), `${path} differs`);
      }
    }
  });

  test("are decoded and described by the command", async (t) => {
    const folder = await tempFolder(t);
    const [spans, copies] = await Promise.all(
      Object.entries({ spans: VIDEO, copies: COPIES }).map(async ([name, options]) => {
        const [path, output] = ["siedd", "y4m"].map((extension) => join(folder, `${name}.${extension}`));
        await writeFile(path, syntheticAsset(options));
        await runCommand("decode", path, "-o", output, "--from", "5.4");
        return { frames: await readFile(output), info: await runCommand("info", path) };
      }),
    );
    assert.ok(spans.frames.length > 160 * 120 * 1.5 * 28);
    assert.ok(spans.frames.equals(copies.frames));
    assert.match(spans.info, /spans +\d+ % of the bytes of groups are networks that cover up to 8 groups/);
    assert.match(spans.info, /version 2/);
    assert.doesNotMatch(copies.info, /spans +\d/);
    assert.match(copies.info, /version 1/);
  });

  test("damage the frames of all groups that they cover, and no others", async (t) => {
    const bytes = syntheticAsset(VIDEO);
    const { groups } = await openAsset(memorySource(bytes));
    const { offset } = groups[4].parts!.find(({ level }) => level === 2)!;
    bytes[offset + 50] ^= 1;
    const origin = await originServer(t);
    origin.files.set("videos/spans.siedd", { bytes, etag: '"damaged"' });
    const server = await testServer(t, {}, { root: `${origin.url}videos/spans.siedd` });
    const status = async (milliseconds: number) =>
      (await server.get(`spans/full/80,60/frame-${milliseconds}.png`)).status;
    assert.deepEqual(
      await Promise.all([3900, 4100, 5500, 7900, 8100].map(status)),
      [200, 500, 500, 500, 200],
    );
  });
});
