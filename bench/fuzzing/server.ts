import { serve } from "../../server/index.js";

// Child process with one server. Answers every message from the parent with its largest resident memory so far. Exits when
// the parent disconnects.

const [root = ""] = process.argv.slice(2);
const server = await serve({ root, port: 0, trustProxy: true });
process.send?.({ url: server.url });
process.on("message", () => process.send?.({ maxBytes: process.resourceUsage().maxRSS * 1024 }));
process.once("disconnect", () => void server.close());
