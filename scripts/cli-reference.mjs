// Writes the option tables of docs/reference/cli.md from the command's own help.
//   node scripts/cli-reference.mjs     after npm run build
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main, root, ScriptError } from "./ensure.mjs";

const PAGE = join(root, "docs/reference/cli.md");
/** Stands before the tables of a command. */
const MARKER = /<!-- generated: siedd (\w+) -->[\s\S]*?<!-- end -->/g;

function helpOf(command) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "dist/cli/main.js"), command, "--help"],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new ScriptError(`siedd ${command} --help fails: ${stderr}`);
  return stdout;
}

/** The groups of a help text, each with its title and its [term, description] rows. */
function parseHelp(text) {
  const groups = [];
  for (const line of text.split("\n")) {
    const title = /^(\S.*):$/.exec(line);
    const item = /^ {2}(\S.*?)(?: {2,}(.*))?$/.exec(line);
    const rows = groups.at(-1)?.rows;
    if (title) groups.push({ title: title[1], rows: [] });
    else if (item && rows) rows.push([item[1], item[2] ?? ""]);
    else if (/^ {3,}\S/.test(line) && rows?.length > 0) rows.at(-1)[1] += ` ${line.trim()}`;
  }
  return groups;
}

function tables(command) {
  const escape = (text) => text.trim().replace(/\|/g, "\\|").replace(/</g, "&lt;");
  return parseHelp(helpOf(command))
    .filter(({ title }) => title !== "Arguments" && !title.startsWith("Usage"))
    .map(({ title, rows }) => {
      const head = title === "Options" ? "option" : title.replace(/ options$/, " option");
      const lines = rows
        .filter(([term]) => !term.startsWith("-h,"))
        .map(([term, text]) => `| \`${term.replace(/\|/g, "\\|")}\` | ${escape(text)} |`);
      return [
        `| ${head} | meaning |`,
        "| --- | --- |",
        ...lines,
      ].join("\n");
    })
    .join("\n\n");
}

function render(text) {
  if (!MARKER.test(text)) throw new ScriptError(`${PAGE} has no <!-- generated: siedd ... --> marker`);
  MARKER.lastIndex = 0;
  return text.replace(
    MARKER,
    (_, command) => `<!-- generated: siedd ${command} -->\n\n${tables(command)}\n\n<!-- end -->`,
  );
}

/** Returns what is out of date, one sentence each. */
export function outdatedCliReference() {
  const text = readFileSync(PAGE, "utf8");
  return render(text) === text ? [] : ["docs/reference/cli.md is out of date; run npm run docs"];
}

export async function writeCliReference() {
  writeFileSync(PAGE, render(readFileSync(PAGE, "utf8")));
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(writeCliReference);
