// Generates the option tables of docs/reference/cli.md from the help of the command line.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root, ScriptError } from "./ensure.mjs";

/** Returns the help of a command, or of the command line itself. */
export function readHelp(...command) {
  const args = [join(root, "dist/cli/main.js"), ...command, "--help"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new ScriptError(`siedd ${command.join(" ")} --help fails: ${stderr}`);
  return stdout;
}

/** Splits a help text into sections, each with its title and its [term, description] rows. */
function parseHelp(text) {
  const sections = [];
  for (const line of text.split("\n")) {
    const title = /^(\S.*):$/.exec(line);
    const item = /^ {2}(\S.*?)(?: {2,}(.*))?$/.exec(line);
    const rows = sections.at(-1)?.rows;
    if (title) sections.push({ title: title[1], rows: [] });
    else if (item && rows) rows.push([item[1], item[2] ?? ""]);
    else if (/^ {3,}\S/.test(line) && rows?.length > 0) rows.at(-1)[1] += ` ${line.trim()}`;
  }
  return sections;
}

/** Returns the tables of the options of a command, one for each section of its help. */
export function cliTables(command) {
  const escapeCell = (text) => text.trim().replace(/\|/g, "\\|").replace(/</g, "&lt;");
  return parseHelp(readHelp(command))
    .filter(({ title }) => !["Arguments", "Examples"].includes(title) && !title.startsWith("Usage"))
    .map(({ title, rows }) => {
      const head = title === "Options" ? "option" : title.replace(/ options$/, " option");
      const lines = rows
        .filter(([term]) => !term.startsWith("-h,"))
        .map(([term, text]) => `| \`${term.replace(/\|/g, "\\|")}\` | ${escapeCell(text)} |`);
      return [`| ${head} | meaning |`, "| --- | --- |", ...lines].join("\n");
    })
    .join("\n\n");
}
