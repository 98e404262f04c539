// npm run format: formats and lints all sources, and fixes what can be fixed.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execute, main, root } from "./ensure.mjs";

/** AssemblyScript needs a parser that knows its decorators; Biome formats everything else. */
const ASSEMBLYSCRIPT = "{codec,encoder,bench}/**/assembly/*.ts";

/**
 * Checks or fixes format, lint findings and import cycles.
 *
 * @param {"check" | "write"} mode
 * @returns whether nothing is left to fix
 */
export function format(mode) {
  const run = (script, ...args) =>
    execute(process.execPath, [join(root, "node_modules", script), ...args]) === 0;
  const biome = run(
    "@biomejs/biome/bin/biome",
    ...(mode === "check" ? ["ci", "."] : ["check", "--write", "."]),
  );
  const prettier = run(
    "prettier/bin/prettier.cjs",
    "--plugin=assemblyscript-prettier",
    "--print-width=110",
    "--log-level=warn",
    `--${mode}`,
    ASSEMBLYSCRIPT,
  );
  return biome && prettier;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(() => (format("write") ? 0 : 1));
