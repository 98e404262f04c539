import { type ServeOptions, serve } from "../../server/index.js";

// Child process with one server, whose options are JSON. Exits when the parent disconnects.

const server = await serve(JSON.parse(process.argv[2] ?? "{}") as ServeOptions);
process.send?.(server.url);
process.once("disconnect", () => void server.close());
