// Generates the tables of docs/reference/element.md from the types and sources of the player.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./ensure.mjs";

const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** Returns the first capture group of all matches in the player's sources, unique and sorted. */
function findInSources(pattern) {
  const found = new Set();
  for (const name of readdirSync(join(root, "player"), { recursive: true })) {
    // The pages style the player from outside.
    if (!name.endsWith(".ts") || name.startsWith("pages")) continue;
    const source = readFileSync(join(root, "player", name), "utf8");
    for (const [, word] of source.matchAll(pattern)) found.add(word);
  }
  return [...found].sort();
}

/** Returns the tables, from dist/player/element/reference.js and the sources. */
export async function playerTables() {
  const { ATTRIBUTES, EVENTS, PROPERTIES } = await import(
    new URL("../dist/player/element/reference.js", import.meta.url)
  );
  const code = (word) => `\`${word}\``;
  const attributes = Object.entries(ATTRIBUTES).map(([name, attribute]) => [
    code(name),
    attribute.property === null ? "" : code(attribute.property),
    attribute.values,
    attribute.default,
    attribute.description,
  ]);
  const rows = (entries) => Object.entries(entries).map(([name, description]) => [code(name), description]);
  const parts = findInSources(/\bpart(?:: |", )"(?:button )?([a-z-]+)"/g).concat(
    findInSources(/\b(?:button|slider)\(\s*"([a-z-]+)"/g),
  );
  const list = (words) => [...new Set(words)].sort().map(code).join(", ");
  return [
    table(["attribute", "property", "values", "default", "description"], attributes),
    table(["property", "description"], rows(PROPERTIES)),
    table(["event", "dispatched when"], rows(EVENTS)),
    `Custom properties: ${list(findInSources(/var\((--siedd-[a-z-]+)/g))}.`,
    `Parts (\`::part(...)\`): ${list(parts)}.`,
  ].join("\n\n");
}
