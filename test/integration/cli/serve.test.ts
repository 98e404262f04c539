import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { siedd } from "../../support/command.js";
import { originServer } from "../../support/origin-server.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";
import { tempFolder } from "../../support/temp-folder.js";
import { waitUntil } from "../../support/wait-until.js";

const COMMAND = join(import.meta.dirname, "../../../cli/main.js");
const SMALL = { width: 160, height: 90, groups: [10, 10] };

test("serves folders and URLs, logs requests by ID, and drains on SIGTERM", async (t) => {
  const folder = await tempFolder(t);
  await writeFile(join(folder, "here.siedd"), syntheticAsset(SMALL));
  const origin = await originServer(t);
  origin.files.set("there.siedd", { bytes: syntheticAsset(SMALL), etag: '"one"' });
  const sources = [folder, `${origin.url}there.siedd?signature=secret`];
  const options = [
    "--port",
    "0",
    "--engine",
    "onnx",
    "--drain-seconds",
    "3",
    "--log-level",
    "info",
    "--prefix",
    "/videos",
  ];
  const child = spawn(process.execPath, [COMMAND, "serve", ...sources, ...options], {
    env: { ...process.env, SIEDD_ORIGIN_HEADERS: "authorization: Bearer of-tokens" },
  });
  t.after(() => child.kill("SIGKILL"));
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk;
  });
  const [output] = (await once(child.stdout, "data")) as [Buffer];
  const [, url = ""] = /^Serving .*, http:\S+there\.siedd at (http:\S+)\n$/.exec(output.toString()) ?? [];
  const { assets } = (await (await fetch(url)).json()) as { assets: { id: string }[] };
  assert.deepEqual(
    assets.map(({ id }) => id),
    ["here", "there"],
  );
  const response = await fetch(`${url}there/full/80,46/seg-0.m4s`);
  assert.equal(response.status, 200);
  assert.equal(origin.requests[0]!.headers.authorization, "Bearer of-tokens");
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await waitUntil(async () => (await fetch(`${url}readyz`)).status === 503, "the server drains");
  assert.equal((await fetch(`${url}here/info.json`)).status, 200);
  assert.equal((await exit)[0], 0);
  const lines = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const line = lines.find(({ path }) => path === "/videos/there/full/80,46/seg-0.m4s");
  assert.deepEqual([line.status, line.reqId], [200, response.headers.get("x-request-id")]);
  assert.doesNotMatch(log + output, /secret|of-tokens/);
});

test("reports invalid options by their flags, and exits with 2 for invalid usage", async (t) => {
  const folder = await tempFolder(t);
  await writeFile(join(folder, "file"), "");
  const port = ["--port", "0"];
  for (const [argv, code, message] of [
    [[folder, "--sign-key", "a:short"], 2, /the secret of key 1 in --sign-key or SIEDD_SIGN_KEYS must have/],
    [[folder, "--sign-key", `a b:${"s".repeat(16)}`], 2, /the ID of key 1 in --sign-key .* "a b"/],
    [
      ["http://user:word@host/a.siedd"],
      2,
      /must not contain credentials; set a header in SIEDD_ORIGIN_HEADERS/,
    ],
    [[folder, "--prefix", "/a:b"], 2, /--prefix must be a path of letters, .* "\/a:b"/],
    [["http://"], 2, /<folder\|url> must be /],
    [["s3://bucket"], 2, /unsupported source URL "s3:\/\/\.\.\."; use https:\/\//],
    [[join(folder, "file")], 1, /file is not a folder/],
    [[folder, "--cache-dir", join(folder, "file", "a")], 1, /--cache-dir must be a /],
  ] as const) {
    const outcome = await siedd(["serve", ...port, ...argv]);
    assert.match(outcome.stderr, message);
    assert.deepEqual([outcome.code, outcome.stdout, outcome.stderr.trim().split("\n").length], [code, "", 1]);
    assert.doesNotMatch(outcome.stderr, /options\.|s{16}|short|word@/);
  }
});

test("commands that read files reject URLs", async () => {
  for (const argv of [
    ["encode", "http://host/video.mp4", "-o", "video.siedd"],
    ["info", "https://host/video.siedd"],
    ["decode", "s3://host/video.siedd", "-o", "-"],
    ["eval", "video.siedd", "http://host/video.mp4"],
    ["demo", "http://host/video.mp4"],
  ]) {
    const { code, stderr } = await siedd(argv);
    assert.match(stderr, /It must be a local file, not a URL; download it first\.\n$/, argv[0]);
    assert.equal(code, 2);
  }
});
