import { type ServeOptions, serve } from "../../server/index.js";

/* A server in a process of its own. Started by `forkServer`, with the options as JSON and the user to run as. */

const user = process.argv[3];
if (user !== undefined) {
  process.setgid?.(Number(user));
  process.setuid?.(Number(user));
}
const options = JSON.parse(process.argv[2] ?? "{}") as ServeOptions;
const server = await serve(options);
process.send?.(server.url);
process.once("disconnect", () => void server.close());
