// npm test: installs missing modules and programs, then runs all checks.
import { ensureModules, ensureNode, ensurePrograms, main } from "./ensure.mjs";

await main(async () => {
  ensureNode();
  ensureModules();
  ensurePrograms("ffmpeg", "chromium");
  const { check } = await import("./check.mjs");
  return check();
});
