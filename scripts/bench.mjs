// npm run bench [-- name ...]: runs the named benchmarks, or all of them, one at a time. Each prints JSON.
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
  const requested = process.argv.slice(2);
  const names = requested.length > 0 ? requested : all;
  for (const name of names) {
    const script = join(root, "dist/bench", `${name}.js`);
    if (!all.includes(name) || !existsSync(script)) {
      throw new ScriptError(`no benchmark "${name}"; use one of ${all.join(", ")}`);
    }
    if (execute(process.execPath, [script]) !== 0) throw new ScriptError(`the benchmark ${name} failed`);
  }
});
