// Fails if the documentation is incomplete: a command-line option that no page mentions, an exported name without a
// docstring, a README without its two commands, or outdated reference tables.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readHelp } from "./cli-reference.mjs";
import { main, root, ScriptError } from "./ensure.mjs";
import { outdatedPages } from "./generate-docs.mjs";

const read = (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "");

export async function checkDocs() {
  const problems = [
    ...undocumentedOptions(),
    ...undocumentedExports(),
    ...undocumentedCommands(),
    ...(await outdatedPages()),
  ];
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

function undocumentedExports() {
  const { exports } = JSON.parse(read("package.json"));
  const entries = Object.values(exports).flatMap(({ types }) => (types ? [types.replace("./", "")] : []));
  const missing = entries
    .flatMap(exportedNames)
    .filter(({ file, name }) => !hasDocstring(file, name))
    .map(
      ({ file, name }) => `${name} (${file.replace("dist/", "").replace(".d.ts", ".ts")}) has no docstring`,
    );
  return [...new Set(missing)];
}

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|interface|type|enum) (\w+)/gm;

/** Returns the names that a declaration file exports, each with the file that declares it. */
function exportedNames(file) {
  const text = read(file);
  const resolve = (path) => join(dirname(file), path.replace(/\.js$/, ".d.ts"));
  const names = [];
  for (const [, list, path] of text.matchAll(/export (?:type )?\{([^}]*)\} from "(\.[^"]+)"/g)) {
    for (const item of list.split(",")) {
      const [name] = item
        .trim()
        .replace(/^type /, "")
        .split(" as ");
      if (name) names.push({ file: resolve(path), name });
    }
  }
  for (const [, path] of text.matchAll(/export \* from "(\.[^"]+)"/g))
    names.push(...exportedNames(resolve(path)));
  for (const [, name] of text.matchAll(DECLARATION)) names.push({ file, name });
  // The imported file may only reexport the name: find the file that declares it.
  return names.flatMap((item) => {
    if (item.file === file) return [item];
    const declared = exportedNames(item.file).find(({ name }) => name === item.name);
    return [declared ?? item];
  });
}

function hasDocstring(file, name) {
  const text = read(file);
  const declaration = [...text.matchAll(DECLARATION)].find(([, declared]) => declared === name);
  return declaration !== undefined && text.slice(0, declaration.index).trimEnd().endsWith("*/");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(checkDocs);
