// Draws source files at random, to test whether readers can predict the content of a file from the folder tree alone.
//   node scripts/draw-files.mjs [count] [seed]     prints paths, one per line
import { execFileSync } from "node:child_process";
import { root } from "./ensure.mjs";

const [count = 20, seed = 20_261_130] = process.argv.slice(2).map(Number);
const FOLDERS = ["codec", "protocol", "media", "encoder", "decode-pool", "server", "player", "cli"];

/** A seeded generator of numbers in [0, 1): mulberry32. */
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const files = execFileSync("git", ["ls-files", ...FOLDERS], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((path) => path.endsWith(".ts") && !path.endsWith("/index.ts"))
  .sort();
const random = generator(seed);
for (let drawn = 0; drawn < count && files.length > 0; drawn++) {
  const [path] = files.splice(Math.floor(random() * files.length), 1);
  process.stdout.write(`${path}\n`);
}
