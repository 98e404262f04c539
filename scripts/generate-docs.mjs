// npm run docs: writes the generated tables into the pages below docs/. Run it after npm run build. A page marks the
// place of tables with <!-- generated: siedd encode --> (or another command) or <!-- generated: player -->, and
// <!-- end -->. node-api.md and plugin-options.md are generated entirely.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { outdatedApiPages, writeApiPages } from "./api-reference.mjs";
import { cliTables } from "./cli-reference.mjs";
import { main, root, ScriptError } from "./ensure.mjs";
import { playerTables } from "./player-reference.mjs";

const MARKED = /<!-- generated: (siedd (\w+)|player) -->[\s\S]*?<!-- end -->/g;

/** Returns the pages with generated tables: path, current text and expected text. */
async function generatedPages() {
  const player = await playerTables();
  const render = (text) =>
    text.replace(MARKED, (_match, name, command) => {
      const tables = command === undefined ? player : cliTables(command);
      return `<!-- generated: ${name} -->\n\n${tables}\n\n<!-- end -->`;
    });
  const pages = readdirSync(join(root, "docs"), { recursive: true })
    .filter((name) => name.endsWith(".md"))
    .map((name) => ({ path: join("docs", name), text: readFileSync(join(root, "docs", name), "utf8") }))
    .filter(({ text }) => text.includes("<!-- generated: "));
  for (const name of ["player", "siedd encode", "siedd serve"]) {
    const marker = `<!-- generated: ${name} -->`;
    if (!pages.some(({ text }) => text.includes(marker))) {
      throw new ScriptError(`no page below docs/ contains the marker ${marker}`);
    }
  }
  return pages.map(({ path, text }) => ({ path, text, expected: render(text) }));
}

/** Returns a message for each page whose tables are outdated. */
export async function outdatedPages() {
  const outdated = (await generatedPages())
    .filter(({ text, expected }) => text !== expected)
    .map(({ path }) => `the tables of ${path} are outdated; run npm run docs`);
  return [...outdated, ...(await outdatedApiPages())];
}

/** Writes all pages. Throws a ScriptError that lists exports without a docstring. */
async function writePages() {
  for (const { path, expected } of await generatedPages()) writeFileSync(join(root, path), expected);
  await writeApiPages();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(writePages);
