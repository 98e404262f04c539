import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import fastify from "fastify";
import { serve } from "../../server/index.js";

// A child process: this project's server and @fastify/static on the same bytes, so that one load meets both alike.

const [asset = "", path = ""] = process.argv.slice(2);
const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
await symlink(asset, join(root, "video.siedd"));
const ours = await serve({ root, port: 0, prefetch: 0 });
const url = `${ours.url}${path}`;
const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
const files = await mkdtemp(join(tmpdir(), "siedd-bench-"));
await writeFile(join(files, "segment.m4s"), bytes);
const plain = fastify();
await plain.register(fastifyStatic, { root: files });
await plain.listen({ port: 0, host: "127.0.0.1" });
const port = (plain.server.address() as { port: number }).port;
process.send?.({ ours: url, plain: `http://127.0.0.1:${port}/segment.m4s`, bytes: bytes.byteLength });
process.on("message", () => process.send?.(process.cpuUsage()));
process.once("disconnect", async () => {
  await Promise.all([ours.close(), plain.close()]);
  for (const folder of [root, files]) await rm(folder, { recursive: true, force: true });
});
