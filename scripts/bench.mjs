// npm run bench [-- name ...]: runs dist/bench/<name>.js, or all of them, one after the other; each prints JSON.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { build, isBuilt } from "./build.mjs";
import { ensureModules, ensureNode, ensurePrograms, execute, main, Refusal, root } from "./ensure.mjs";

await main(async () => {
  ensureNode();
  ensureModules();
  ensurePrograms("ffmpeg");
  if (!isBuilt()) await build();
  const all = readdirSync(join(root, "bench"))
    .filter((name) => name.endsWith(".ts"))
    .map((name) => name.slice(0, -3));
  const wanted = process.argv.slice(2);
  const names = wanted.length > 0 ? wanted : all;
  for (const name of names) {
    const script = join(root, "dist/bench", `${name}.js`);
    if (!all.includes(name) || !existsSync(script)) {
      throw new Refusal(`there is no bench called ${name}; there are ${all.join(", ") || "none"}`);
    }
    if (execute(process.execPath, [script]) !== 0) throw new Refusal(`the bench ${name} failed`);
  }
});
