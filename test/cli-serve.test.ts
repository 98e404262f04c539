import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { originServer } from "./origin-server.js";
import { syntheticAsset } from "./synthetic-asset.js";
import { tempFolder } from "./temp-folder.js";
import { until } from "./wait-until.js";

const COMMAND = join(import.meta.dirname, "../cli/main.js");
const SMALL = { width: 160, height: 90, groups: [10, 10] };

test("serve takes folders and addresses, logs requests by id and drains on SIGTERM", async (t) => {
  const folder = await tempFolder(t);
  await writeFile(join(folder, "here.siedd"), syntheticAsset(SMALL));
  const origin = await originServer(t);
  origin.files.set("there.siedd", { bytes: syntheticAsset(SMALL), etag: '"one"' });
  const sources = [folder, `${origin.url}there.siedd?signature=secret`];
  const options = ["--port", "0", "--engine", "onnx", "--drain-seconds", "3", "--log-level", "info"];
  const child = spawn(process.execPath, [COMMAND, "serve", ...sources, ...options], {
    env: { ...process.env, SIEDD_ORIGIN_HEADERS: "authorization: Bearer of-tokens" },
  });
  t.after(() => child.kill("SIGKILL"));
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk;
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  const [, url = ""] = /^serving .*, http:\S+there\.siedd at (http:\S+)\n$/.exec(said.toString()) ?? [];
  const { assets } = (await (await fetch(url)).json()) as { assets: { id: string }[] };
  assert.deepEqual(
    assets.map(({ id }) => id),
    ["here", "there"],
  );
  const answer = await fetch(`${url}there/full/80,46/seg-0.m4s`);
  assert.equal(answer.status, 200);
  assert.equal(origin.requests[0]!.headers.authorization, "Bearer of-tokens");
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await until(async () => (await fetch(`${url}readyz`)).status === 503, "the server drains");
  assert.equal((await fetch(`${url}here/info.json`)).status, 200);
  assert.equal((await exit)[0], 0);
  const lines = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const line = lines.find(({ path }) => path === "/there/full/80,46/seg-0.m4s");
  assert.deepEqual([line.status, line.reqId], [200, answer.headers.get("x-request-id")]);
  assert.doesNotMatch(log + said, /secret|of-tokens/);
});
