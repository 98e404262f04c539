import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { isPublicAddress } from "../../../server/library/public-addresses.js";
import { originServer } from "../../support/origin-server.js";
import { testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

const MiB = 1024 * 1024;
const VIDEO = syntheticAsset({ width: 64, height: 36, groups: [4] });

/** Starts an HTTP server that closes when the test ends. Returns its origin. */
async function startServer(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts a server that sends bodies of this many MiB, in chunks. Returns its origin, and the bytes sent so far. */
async function endlessServer(t: TestContext, status: number, headers: Record<string, string>) {
  const sent = { bytes: 0 };
  const chunk = Buffer.alloc(64 * 1024, " ");
  const origin = await startServer(t, (_request, response) => {
    response.writeHead(status, headers);
    const send = () => {
      while (sent.bytes < 600 * MiB && !response.destroyed) {
        sent.bytes += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", send);
      }
      response.end();
    };
    send();
  });
  return { origin, sent };
}

describe("a hostile origin", { concurrency: false }, () => {
  test("cannot redirect requests to another server, unless that is allowed", async (t) => {
    const target = await originServer(t);
    target.files.set("video.siedd", { bytes: VIDEO, etag: '"one"' });
    const seen: (string | undefined)[] = [];
    const origin = await startServer(t, (request, response) => {
      seen.push(request.headers.authorization);
      const location =
        request.url === "/moved/video.siedd" ? `${target.url}video.siedd` : "/moved/video.siedd";
      response.writeHead(302, { location }).end();
    });
    const root = { url: `${origin}/video.siedd`, headers: { authorization: "secret" } };
    const server = await testServer(t, {}, { root, workers: 1 });
    const refused = await server.get("video/info.json");
    assert.deepEqual([refused.status, refused.code], [502, "origin-failed"]);
    assert.match(refused.text, /redirected to another server; add that to originAllowList/);
    assert.doesNotMatch(refused.text, /127\.0\.0\.1/);
    // The redirect within the server was followed with its headers, and the one to the other server was not.
    assert.deepEqual([seen, target.requests.length], [["secret", "secret"], 0]);

    const options = { root, workers: 1, originAllowList: [new URL(target.url).origin] };
    const allowing = await testServer(t, {}, options);
    assert.equal((await allowing.get("video/info.json")).status, 200);
    assert.ok(target.requests.length > 0);
    assert.ok(target.requests.every(({ headers }) => headers.authorization === undefined));
  });

  test("cannot redirect forever", async (t) => {
    let requests = 0;
    const origin = await startServer(t, (_request, response) => {
      response.writeHead(302, { location: `/${requests++}.siedd` }).end();
    });
    const server = await testServer(t, {}, { root: `${origin}/video.siedd`, workers: 1 });
    assert.match((await server.get("video/info.json")).text, /redirected more than 5 times/);
    assert.equal(requests, 6);
  });

  test("cannot list URLs of servers at private addresses, by number or by name", async (t) => {
    const inside = await originServer(t);
    inside.files.set("video.siedd", { bytes: VIDEO, etag: '"one"' });
    const { port } = new URL(inside.url);
    const hosts = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0.0.0.0"];
    const urls = hosts.map((host, i) => ({ id: `video${i}`, url: `http://${host}:${port}/video.siedd` }));
    const origin = await originServer(t);
    origin.files.set("list.json", { bytes: Buffer.from(JSON.stringify(urls)), etag: '"list"' });
    const server = await testServer(t, {}, { root: `${origin.url}list.json`, workers: 1 });
    for (const [i, host] of hosts.entries()) {
      const { status, text } = await server.get(`video${i}/info.json`);
      assert.equal(status, 502, host);
      assert.match(text, /links to an address that is not public; add it to originAllowList/, host);
    }
    assert.equal(inside.requests.length, 0);
  });

  test("cannot fill the memory with a body or a list without end", async (t) => {
    const range = { "content-range": "bytes 0-99999/100000" };
    const asset = await endlessServer(t, 206, range);
    const full = await endlessServer(t, 200, {});
    const list = await endlessServer(t, 200, { "content-type": "application/json" });
    const root = [`${asset.origin}/video.siedd`, `${full.origin}/full.siedd`, `${list.origin}/list.json`];
    const server = await testServer(t, {}, { root, workers: 1 });
    assert.match((await server.get("video/info.json")).text, /returned more than the 100000 bytes/);
    assert.match((await server.get("full/info.json")).text, /ignored the Range header/);
    assert.match((await server.get("other/info.json")).text, /returned more than the 4194304 bytes/);
    assert.ok(asset.sent.bytes < 16 * MiB, `${asset.sent.bytes} bytes of an asset`);
    assert.ok(full.sent.bytes < 16 * MiB, `${full.sent.bytes} bytes without a range`);
    assert.ok(list.sent.bytes < 32 * MiB, `${list.sent.bytes} bytes of a list`);
  });

  test("cannot list more videos than the server lists in a moment", async (t) => {
    const origin = await originServer(t);
    const bytes = Buffer.from(JSON.stringify(new Array(60_000).fill("a.siedd")));
    origin.files.set("list.json", { bytes, etag: '"list"' });
    const server = await testServer(t, {}, { root: `${origin.url}list.json`, workers: 1 });
    assert.match((await server.get("a/info.json")).text, /JSON listing of 60000 entries; the limit is 50000/);
  });

  test("cannot send a content coding, or a range that does not begin at the first byte", async (t) => {
    const bytes = 8 * MiB;
    const bomb = gzipSync(Buffer.alloc(bytes));
    const origin = await startServer(t, (request, response) => {
      assert.equal(request.headers["accept-encoding"], "identity");
      const end = VIDEO.length - 1;
      if (request.url === "/later.siedd") {
        const range = { "content-range": `bytes 9-${end}/${VIDEO.length}` };
        response.writeHead(206, range).end(VIDEO.subarray(9));
      } else {
        const headers = { "content-encoding": "gzip", "content-range": `bytes 0-262143/${bytes}` };
        response.writeHead(request.url === "/list.json" ? 200 : 206, headers).end(bomb);
      }
    });
    // Configured headers cannot ask for a coding.
    const headers = { "accept-encoding": "gzip" };
    const root = ["bomb.siedd", "later.siedd", "list.json"].map((file) => ({
      url: `${origin}/${file}`,
      headers,
    }));
    const server = await testServer(t, {}, { root, workers: 1 });
    const coding = /returned Content-Encoding gzip, which was not requested/;
    assert.match((await server.get("bomb/info.json")).text, coding);
    assert.match((await server.get("other/info.json")).text, coding);
    assert.match((await server.get("later/info.json")).text, /returned bytes 9-\d+ instead of 0-\d+/);
  });

  test("is never at one of the reserved addresses", () => {
    for (const address of ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8"])
      assert.ok(isPublicAddress(address), address);
    for (const address of [
      ...["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"],
      ...[
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
      ],
      "localhost",
    ]) {
      assert.equal(isPublicAddress(address), false, address);
    }
  });
});
