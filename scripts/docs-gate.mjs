// Fails where a user is not told: an option of the command that no page mentions, an exported name without
// a docstring, a README without its two commands, tables of the player that are not what it is.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { main, Refusal, root } from "./ensure.mjs";
import { undocumentedPlayer } from "./player-reference.mjs";

const read = (path) => (existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "");

export async function checkDocs() {
  const missing = [...undocumentedOptions(), ...undocumentedExports(), ...(await undocumentedPlayer())];
  const readme = read("README.md");
  for (const command of ["npm start", "npm test"]) {
    if (!readme.includes(command)) missing.push(`README.md does not mention ${command}`);
  }
  if (missing.length > 0) throw new Refusal(`\n  ${missing.join("\n  ")}`);
}

function help(...command) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "dist/cli/main.js"), ...command, "--help"],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Refusal(`siedd ${command.join(" ")} --help fails: ${stderr}`);
  return stdout;
}

function undocumentedOptions() {
  const pages = read("README.md") + read("docs/cli.md");
  const commands = [...help().matchAll(/^ {2}([a-z]+) .*$/gm)]
    .map(([, name]) => name)
    .filter((name) => name !== "help");
  if (commands.length === 0) return ["siedd --help names no command"];
  return commands.flatMap((command) => {
    const options = [...help(command).matchAll(/(?<=[\s,])--[a-z0-9-]+/g)].map(([option]) => option);
    const untold = [...new Set(options)].filter(
      (option) => !new RegExp(`${option}(?![a-z0-9-])`).test(pages),
    );
    const named = new RegExp(`siedd ${command}(?![a-z])`).test(pages)
      ? []
      : [`siedd ${command} is on no page`];
    return [...named, ...untold.map((option) => `${option} of siedd ${command} is on no page`)];
  });
}

function undocumentedExports() {
  const { exports } = JSON.parse(read("package.json"));
  const entries = Object.values(exports).flatMap((entry) =>
    entry.types ? [entry.types.replace("./", "")] : [],
  );
  const untold = new Set();
  for (const entry of entries) {
    for (const { file, name } of exportedNames(entry)) {
      if (!hasDocstring(file, name))
        untold.add(`${name} (${file.replace("dist/", "").replace(".d.ts", ".ts")}) has no docstring`);
    }
  }
  return [...untold];
}

/** Names that a declaration file exports, with the file that declares each. */
function exportedNames(file) {
  const text = read(file);
  const from = (path) => join(dirname(file), path.replace(/\.js$/, ".d.ts"));
  const names = [];
  for (const [, list, path] of text.matchAll(/export (?:type )?\{([^}]*)\} from "(\.[^"]+)"/g)) {
    for (const item of list.split(",")) {
      const name = item
        .trim()
        .replace(/^type /, "")
        .split(" as ")[0];
      if (name) names.push({ file: from(path), name });
    }
  }
  for (const [, path] of text.matchAll(/export \* from "(\.[^"]+)"/g))
    names.push(...exportedNames(from(path)));
  for (const [, name] of text.matchAll(
    /^export (?:declare )?(?:abstract )?(?:async )?(?:function\*?|class|const|interface|type|enum) (\w+)/gm,
  )) {
    names.push({ file, name });
  }
  // A file that passes a name on declares it elsewhere.
  return names.flatMap((item) => {
    if (item.file === file) return [item];
    const declared = exportedNames(item.file).find(({ name }) => name === item.name);
    return [declared ?? item];
  });
}

function hasDocstring(file, name) {
  const declaration = new RegExp(
    `^export (?:declare )?(?:abstract )?(?:function\\*?|class|const|interface|type|enum) ${name}\\b`,
    "m",
  );
  const text = read(file);
  const at = text.search(declaration);
  return at >= 0 && text.slice(0, at).trimEnd().endsWith("*/");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(checkDocs);
