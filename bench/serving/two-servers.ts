import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import fastify from "fastify";
import { serve } from "../../server/index.js";

// Child process with the siedd server and @fastify/static, which serve the same bytes. Each message from the parent is
// answered with the CPU usage.

const [asset = "", path = ""] = process.argv.slice(2);
const root = await mkdtemp(join(tmpdir(), "siedd-bench-"));
await symlink(asset, join(root, "video.siedd"));
const server = await serve({ root, port: 0, prefetch: 0 });
const url = `${server.url}${path}`;
const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
const files = await mkdtemp(join(tmpdir(), "siedd-bench-"));
await writeFile(join(files, "segment.m4s"), bytes);
const staticServer = fastify();
await staticServer.register(fastifyStatic, { root: files });
await staticServer.listen({ port: 0, host: "127.0.0.1" });
const port = (staticServer.server.address() as { port: number }).port;
process.send?.({ siedd: url, static: `http://127.0.0.1:${port}/segment.m4s`, bytes: bytes.byteLength });
process.on("message", () => process.send?.(process.cpuUsage()));
process.once("disconnect", async () => {
  await Promise.all([server.close(), staticServer.close()]);
  for (const folder of [root, files]) await rm(folder, { recursive: true, force: true });
});
