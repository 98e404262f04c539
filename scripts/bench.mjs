// npm run bench [-- name ... [--option ...]]: runs the named benchmarks, or all of them, one at a time. Each prints JSON.
// Options are passed to the benchmarks.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build, isBuilt } from "./build.mjs";
import { ensureModules, ensureNode, ensurePrograms, execute, main, root, ScriptError } from "./ensure.mjs";

await main(async () => {
  ensureNode();
  ensureModules();
  ensurePrograms("ffmpeg");
  if (!isBuilt()) await build();
  const all = readdirSync(join(root, "bench"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -3));
  const args = process.argv.slice(2);
  const firstOption = args.findIndex((arg) => arg.startsWith("-"));
  const nameCount = firstOption === -1 ? args.length : firstOption;
  const requested = args.slice(0, nameCount);
  const names = requested.length > 0 ? requested : all;
  for (const name of names) {
    const script = join(root, "dist/bench", `${name}.js`);
    if (!all.includes(name) || !existsSync(script)) {
      throw new ScriptError(`no benchmark "${name}"; use one of ${all.join(", ")}`);
    }
    if (execute(process.execPath, [script, ...args.slice(nameCount)]) !== 0)
      throw new ScriptError(`the benchmark ${name} failed`);
  }
});
