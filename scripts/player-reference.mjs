// The tables of docs/player.md that are made from the player's types and sources.
//   node scripts/player-reference.mjs     writes them anew (after npm run build)
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main, root } from "./ensure.mjs";

const page = join(root, "docs/player.md");
const BEGIN = "<!-- made by scripts/player-reference.mjs -->";
const END = "<!-- end of what is made -->";

const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** What matches in the player's sources, each once and in order. */
function inSources(pattern) {
  const found = new Set();
  for (const name of readdirSync(join(root, "player"), { recursive: true })) {
    // The catalog's page styles the player from outside.
    if (!name.endsWith(".ts") || name.startsWith("pages")) continue;
    for (const [, word] of readFileSync(join(root, "player", name), "utf8").matchAll(pattern))
      found.add(word);
  }
  return [...found].sort();
}

/** The tables as they are now, from dist/player/element/reference.js and the sources. */
export async function playerReference() {
  const { ATTRIBUTES, EVENTS, PROPERTIES } = await import(
    new URL("../dist/player/element/reference.js", import.meta.url)
  );
  const code = (word) => `\`${word}\``;
  const attributes = Object.entries(ATTRIBUTES).map(([name, { property, values, absent, about }]) => [
    code(name),
    property === null ? "" : code(property),
    values,
    absent,
    about,
  ]);
  const pairs = (entries) => Object.entries(entries).map(([name, about]) => [code(name), about]);
  const parts = inSources(/\bpart(?:: |", )"(?:button )?([a-z-]+)"/g).concat(
    inSources(/\b(?:button|range)\("([a-z-]+)"/g),
  );
  const list = (words) => [...new Set(words)].sort().map(code).join(", ");
  return [
    table(["attribute", "property", "values", "absent", "what it does"], attributes),
    table(["property", "what it says"], pairs(PROPERTIES)),
    table(["event", "when"], pairs(EVENTS)),
    `Custom properties: ${list(inSources(/var\((--siedd-[a-z-]+)/g))}.`,
    `Parts (\`::part(...)\`): ${list(parts)}.`,
  ].join("\n\n");
}

const around = (text) => {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`docs/player.md has lost "${BEGIN}" or "${END}"; put them back`);
  return [text.slice(0, begin + BEGIN.length), text.slice(end)];
};

/** -> what is wrong with the page, if anything. */
export async function undocumentedPlayer() {
  const text = readFileSync(page, "utf8");
  const [head, tail] = around(text);
  const now = `${head}\n\n${await playerReference()}\n\n${tail}`;
  return now === text
    ? []
    : ["docs/player.md is not what the player is; run node scripts/player-reference.mjs"];
}

async function write() {
  const [head, tail] = around(readFileSync(page, "utf8"));
  writeFileSync(page, `${head}\n\n${await playerReference()}\n\n${tail}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(write);
