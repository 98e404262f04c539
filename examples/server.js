// node examples/server.js [folder]: serves the plain page, and the videos of a folder (default: examples/videos).
import { mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fastify from "fastify";
import siedd from "siedd";

const resolvePath = (path) => fileURLToPath(new URL(path, import.meta.url));
const videos = process.argv[2] ?? resolvePath("videos");
const port = Number(process.env.PORT ?? 8080);

await mkdir(videos, { recursive: true });
const app = fastify({ forceCloseConnections: true });
await app.register(siedd, { root: videos, prefix: "/videos" });
app.get("/", async (_request, reply) =>
  reply.type("text/html; charset=utf-8").send(await readFile(resolvePath("plain-html/index.html"))),
);
const address = await app.listen({ port });
process.stdout.write(`${address}/ plays ${videos}/video.siedd\n`);
