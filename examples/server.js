// Serves the films of a folder (examples/films) and the plain page: node examples/server.js [folder]
import { mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fastify from "fastify";
import siedd from "siedd";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const films = process.argv[2] ?? here("films");
const port = Number(process.env.PORT ?? 8080);

await mkdir(films, { recursive: true });
const app = fastify({ forceCloseConnections: true });
await app.register(siedd, { root: films, prefix: "/films" });
app.get("/", async (_request, reply) =>
  reply.type("text/html; charset=utf-8").send(await readFile(here("plain-html/index.html"))),
);
const address = await app.listen({ port });
process.stdout.write(`${address}/ plays ${films}/film.siedd\n`);
