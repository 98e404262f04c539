import { type ServeOptions, serve } from "../../server/index.js";

/* A server in a process of its own, which tests can kill. Started by `fork`, with the options as JSON. */

const options = JSON.parse(process.argv[2] ?? "{}") as ServeOptions;
const server = await serve(options);
process.send?.(server.url);
process.once("disconnect", () => void server.close());
