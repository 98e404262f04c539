// Fails if the documentation is incomplete: a command-line option that no page mentions, an exported name without a
// docstring, a README without its two commands, or outdated reference tables.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readHelp } from "./cli-reference.mjs";
import { main, root, ScriptError } from "./ensure.mjs";
import { outdatedPages } from "./generate-docs.mjs";

const read = (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "");

export async function checkDocs() {
  const problems = [...undocumentedOptions(), ...undocumentedCommands(), ...(await outdatedPages())];
  if (problems.length > 0) throw new ScriptError(`\n  ${problems.join("\n  ")}`);
}

function undocumentedCommands() {
  const readme = read("README.md");
  return ["npm start", "npm test"]
    .filter((command) => !readme.includes(command))
    .map((command) => `README.md does not mention ${command}`);
}

/** Returns the text of README.md and of all pages below docs/. */
function documentation() {
  const pages = readdirSync(join(root, "docs"), { recursive: true }).filter((name) => name.endsWith(".md"));
  return ["README.md", ...pages.map((name) => join("docs", name))].map(read).join("\n");
}

function undocumentedOptions() {
  const text = documentation();
  const commands = [...readHelp().matchAll(/^ {2}([a-z]+) .*$/gm)]
    .map(([, name]) => name)
    .filter((name) => name !== "help");
  if (commands.length === 0) return ["siedd --help lists no commands"];
  return commands.flatMap((command) => {
    const options = [...readHelp(command).matchAll(/(?<=^ *(?:-\w, )?)--[a-z0-9-]+/gm)].map(
      ([option]) => option,
    );
    const missing = [...new Set(options)].filter(
      (option) => !new RegExp(`${option}(?![a-z0-9-])`).test(text),
    );
    const isMentioned = new RegExp(`siedd ${command}(?![a-z])`).test(text);
    return [
      ...(isMentioned ? [] : [`no page mentions siedd ${command}`]),
      ...missing.map((option) => `no page mentions the option ${option} of siedd ${command}`),
    ];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(checkDocs);
