// npm start [-- video.mp4]: from a fresh clone to a video that plays in a browser.
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
  // npm runs scripts in the package's folder; names of files are meant from where the user stood.
  const stood = process.env.INIT_CWD ?? process.cwd();
  const args = process.argv
    .slice(2)
    .map((arg) => (existsSync(resolve(stood, arg)) ? resolve(stood, arg) : arg));
  process.chdir(root);
  const command = join(root, "dist/cli/main.js");
  process.argv = [process.argv[0], command, "demo", ...args];
  // In this process: signals reach the command and its exit code is ours.
  await import(`file://${command}`);
});
