// Serves the videos of a folder (examples/videos) and the plain page: node examples/server.js [folder]
import { mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fastify from "fastify";
import siedd from "siedd";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const videos = process.argv[2] ?? here("videos");
const port = Number(process.env.PORT ?? 8080);

await mkdir(videos, { recursive: true });
const app = fastify({ forceCloseConnections: true });
await app.register(siedd, { root: videos, prefix: "/videos" });
app.get("/", async (_request, reply) =>
  reply.type("text/html; charset=utf-8").send(await readFile(here("plain-html/index.html"))),
);
const address = await app.listen({ port });
process.stdout.write(`${address}/ plays ${videos}/video.siedd\n`);
