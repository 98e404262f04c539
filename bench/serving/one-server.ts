import { serve } from "../../server/index.js";

// A child process with one server, so that its memory is its own. Ends when its parent lets go of it.

const [root = "", cacheBytes = ""] = process.argv.slice(2);
const server = await serve({ root, port: 0, cacheBytes: Number(cacheBytes) });
process.send?.({ url: server.url });
process.once("disconnect", () => void server.close());
