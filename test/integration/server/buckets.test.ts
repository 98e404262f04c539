import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { encodeId } from "../../../protocol/url-parameters.js";
import { parseBucket } from "../../../server/library/bucket.js";
import { originServer } from "../../support/origin-server.js";
import { testServer } from "../../support/running-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

const SMALL = { width: 160, height: 90, groups: [10, 10] };

/** Returns an S3 bucket listing; `pageTags` are its elements about paging and encoding. */
function listing(keys: readonly string[], pageTags = ""): string {
  const contents = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>` +
      "<ETag>&quot;0123&quot;</ETag><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents>",
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>videos</Name><KeyCount>${keys.length}</KeyCount>${pageTags}${contents.join("")}</ListBucketResult>`;
}

const xml = (text: string) => ({ bytes: Buffer.from(text), etag: 'W/"list"', type: "application/xml" });
const idsOf = (text: string): string[] =>
  JSON.parse(text).assets.map(({ id }: { readonly id: string }) => id);

test("the videos of a paged bucket listing are served, and the headers function signs each request", async (t) => {
  const origin = await originServer(t);
  for (const name of ["a&b's", "videos/007", "ü #1", "last"]) {
    origin.files.set(`bucket/${name}.siedd`, { bytes: syntheticAsset(SMALL), etag: `"${name.length}"` });
  }
  const continueAt = (token: string) =>
    `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`;
  origin.files.set(
    "bucket?list-type=2",
    xml(listing(["a&amp;b&#39;s.siedd", "notes.txt"], continueAt("1/+=&amp;"))),
  );
  const secondPage = `bucket?list-type=2&continuation-token=${encodeURIComponent("1/+=&")}`;
  origin.files.set(secondPage, xml(listing(["videos/", "videos/007.siedd"], continueAt("2"))));
  origin.files.set(
    "bucket?list-type=2&continuation-token=2",
    xml(listing(["ü #1.siedd", "last.siedd"], "<IsTruncated>false</IsTruncated>")),
  );
  const sign = ({ pathname, search }: URL) =>
    createHmac("sha256", "key")
      .update(pathname + search)
      .digest("hex");
  const signed: string[] = [];
  const headers = (url: URL) => {
    signed.push(sign(url));
    return { authorization: sign(url) };
  };
  const root = { url: `${origin.url}bucket?list-type=2`, headers };
  const server = await testServer(t, {}, { root, originRefreshSeconds: 0, originSeconds: 60 });
  const ids = ["a&b's", "last", "videos/007", "ü #1"];
  assert.deepEqual(idsOf((await server.get("")).text), ids);
  for (const id of ids) {
    const path = `${encodeId(id)}/full/80,46/seg-0.m4s`;
    assert.equal((await server.get(path)).status, 200, id);
  }
  assert.ok(origin.requests.every(({ headers }) => signed.includes(headers.authorization ?? "")));
  // Changes on the last page are detected without a restart.
  origin.files.set("bucket?list-type=2&continuation-token=2", xml(listing(["last.siedd"])));
  assert.deepEqual(idsOf((await server.get("")).text), ["a&b's", "last", "videos/007"]);
  // While a page fails, the previous listing is kept.
  origin.files.delete(secondPage);
  assert.deepEqual(idsOf((await server.get("")).text), ["a&b's", "last", "videos/007"]);
});

test("bucket listings are parsed in the older format and with encoded keys, without keys outside of the bucket", () => {
  const parse = (text: string, address = "https://store.example/bucket?list-type=2") => {
    const { assets, next } = parseBucket(text, new URL(address));
    return [[...assets].map(([id, url]) => `${id} ${url.href}`), next?.href];
  };
  const truncated = "<IsTruncated>true</IsTruncated>";
  assert.deepEqual(parse(listing(["a.siedd", "b/c.siedd"], truncated), "https://bucket.example/"), [
    ["a https://bucket.example/a.siedd", "b/c https://bucket.example/b/c.siedd"],
    "https://bucket.example/?marker=b%2Fc.siedd",
  ]);
  assert.deepEqual(parse(listing(["a+b%2Bc%C3%BC.siedd"], "<EncodingType>url</EncodingType>")), [
    ["a b+cü https://store.example/bucket/a%20b%2Bc%C3%BC.siedd"],
    undefined,
  ]);
  const oddKeys = [
    "../up.siedd",
    "a/../../up.siedd",
    ".siedd",
    " 01 .siedd",
    "//host/x.siedd",
    "%2e%2e/y.siedd",
  ];
  assert.deepEqual(parse(listing(oddKeys)), [
    [
      " 01  https://store.example/bucket/%2001%20.siedd",
      "//host/x https://store.example/bucket///host/x.siedd",
      "%2e%2e/y https://store.example/bucket/%252e%252e/y.siedd",
    ],
    undefined,
  ]);
  // Ids are paths below the folder that is listed.
  assert.deepEqual(parse(listing(["v/2026/a.siedd"]), "https://bucket.example/?list-type=2&prefix=v/20"), [
    ["2026/a https://bucket.example/v/2026/a.siedd"],
    undefined,
  ]);
  assert.deepEqual(parse(listing([])), [[], undefined]);
  assert.deepEqual(parse("<ListBucketResult/>"), [[], undefined]);
  for (const [text, message] of [
    ["<Error><Code>AccessDenied</Code></Error>", /returned XML without ListBucketResult/],
    ["<html><body><p>hello</body>", /returned malformed XML/],
    [listing(["a.siedd"]).slice(0, -30), /returned malformed XML/],
  ] as const) {
    assert.throws(() => parse(text), message);
  }
  const marker = "https://bucket.example/?marker=a.siedd";
  assert.throws(() => parse(listing(["a.siedd"], truncated), marker), /whose next page is the same page/);
});
