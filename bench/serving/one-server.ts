import { serve } from "../../server/index.js";

// Child process with one server, so that its memory can be measured. Exits when the parent disconnects.

const [root = "", cacheBytes = ""] = process.argv.slice(2);
const server = await serve({ root, port: 0, cacheBytes: Number(cacheBytes) });
process.send?.({ url: server.url });
process.once("disconnect", () => void server.close());
