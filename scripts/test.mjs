// npm test: installs what is missing, then runs every check.
import { ensureModules, ensureNode, ensurePrograms, main } from "./ensure.mjs";

await main(async () => {
  ensureNode();
  ensureModules();
  ensurePrograms("ffmpeg", "chromium");
  const { check } = await import("./check.mjs");
  return check();
});
