// npm start [-- video.mp4]: installs, builds, encodes a video and serves it with the player.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ensureModules, ensureNode, ensurePrograms, main, root } from "./ensure.mjs";

await main(async () => {
  ensureNode();
  ensureModules();
  ensurePrograms("ffmpeg");
  const { build, isBuilt } = await import("./build.mjs");
  if (!isBuilt()) {
    process.stderr.write("Building ...\n");
    await build();
  }
  // npm runs scripts in the folder of the package, but users give paths relative to the folder in which they call npm.
  const userFolder = process.env.INIT_CWD ?? process.cwd();
  const args = process.argv
    .slice(2)
    .map((arg) => (existsSync(resolve(userFolder, arg)) ? resolve(userFolder, arg) : arg));
  process.chdir(root);
  const command = join(root, "dist/cli/main.js");
  process.argv = [process.argv[0], command, "demo", ...args];
  // Runs in this process, so that signals reach the command and its exit code is returned.
  await import(`file://${command}`);
});
