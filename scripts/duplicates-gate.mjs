// Fails if more than MAX_PERCENT of the lines of sources and tests are copies of each other.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main, root, ScriptError } from "./ensure.mjs";

const FOLDERS = [
  "codec",
  "protocol",
  "media",
  "encoder",
  "decode-pool",
  "server",
  "player",
  "cli",
  "bench",
  "test",
];
/** A copy has at least this many tokens and lines. */
const MIN_TOKENS = 50;
const MIN_LINES = 5;
/** Percentage of duplicated lines. */
const MAX_PERCENT = 0.25;

export function checkDuplicates() {
  const args = [
    join(root, "node_modules/jscpd/run-jscpd.js"),
    "--format=typescript",
    `--min-tokens=${MIN_TOKENS}`,
    `--min-lines=${MIN_LINES}`,
    `--threshold=${MAX_PERCENT}`,
    "--reporters=console",
    "--absolute",
    "--no-colors",
    ...FOLDERS,
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  const [summary = ""] = stdout.match(/Found \d+ clones/) ?? [];
  const [percent = ""] = stdout.match(/[\d.]+%/) ?? [];
  process.stdout.write(`  ${summary}, ${percent} of the lines\n`);
  if (status !== 0) throw new ScriptError(`jscpd failed:\n${stdout}${stderr}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(checkDuplicates);
