// Generates docs/reference/node-api.md and docs/reference/plugin-options.md from the built declarations, and finds
// exports without docstrings.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, ScriptError } from "./ensure.mjs";

/** Entry points of the package: import path, folder, and one sentence for the page. */
const ENTRIES = [
  ["siedd", "server", "The Fastify plugin, the standalone server, and signed URLs."],
  ["siedd/codec", "codec", "Opening assets and decoding frames, in Node.js and in browsers."],
  ["siedd/encoder", "encoder", "Encoding videos and measuring quality."],
  [
    "siedd/player",
    "player",
    "The player's class and helpers. `siedd/player/define` exports the same and registers the tag.",
  ],
];

/** IDs of the API Extractor messages that fail the gate. Others, such as missing release tags, are ignored. */
const FAILING_MESSAGES = new Set(["ae-forgotten-export"]);

/** Types that exported declarations mention, but that applications do not need. They are not exported. */
const OPAQUE = [
  "DecoderMetadata",
  "ENGLISH",
  "ErrorStringKey",
  "KernelGroup",
  "PaperEncoder",
  "PaperGroup",
  "PaperNetwork",
  "PausedFrame",
  "PlayerOptionsElement",
  "SharedEncoder",
  "TileGraphGroup",
  "TileNetwork",
];

/** Runs API Extractor on the declarations of an entry point. Returns the exports and a list of problems. */
async function extract(folder) {
  const { Extractor, ExtractorConfig } = await import("@microsoft/api-extractor");
  const scratch = mkdtempSync(join(tmpdir(), "siedd-api-"));
  const apiJson = join(scratch, "api.json");
  const problems = [];
  try {
    const config = ExtractorConfig.prepare({
      configObject: {
        projectFolder: root,
        mainEntryPointFilePath: join(root, `dist/${folder}/index.d.ts`),
        compiler: { tsconfigFilePath: join(root, `${folder}/tsconfig.json`) },
        apiReport: { enabled: false },
        docModel: { enabled: true, apiJsonFilePath: apiJson },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
      },
      configObjectFullPath: undefined,
      packageJsonFullPath: join(root, "package.json"),
    });
    Extractor.invoke(config, {
      localBuild: true,
      messageCallback(message) {
        message.handled = true;
        if (!FAILING_MESSAGES.has(message.messageId) && message.logLevel !== "error") return;
        if (OPAQUE.some((name) => message.text.startsWith(`The symbol "${name}" `))) return;
        const file = (message.sourceFilePath ?? "").replace(root, "").replace(/^\/?dist\//, "");
        problems.push(`${file.replace(".d.ts", ".ts")}: ${message.text}`);
      },
    });
    const { members } = JSON.parse(readFileSync(apiJson, "utf8"));
    return { exports: members[0].members, problems };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Splits a doc comment into its description and its block tags. */
function parseComment(comment = "") {
  const text = comment
    .replace(/^\/\*\*/, "")
    .replace(/\*\/\s*$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n");
  const [description, ...blocks] = text.split(/\n(?=\s*@)/);
  const tags = blocks.map((block) => {
    const [, name, value] = /^\s*@(\w+)\s*([\s\S]*)$/.exec(block) ?? [];
    return { name, value: oneLine(value ?? "") };
  });
  return { description: oneLine(description), tags };
}

const oneLine = (text) => text.trim().replace(/\s+/g, " ");
const cell = (text) => text.replace(/\|/g, "\\|");
const signature = ({ excerptTokens }) =>
  excerptTokens
    .map(({ text }) => text)
    .join("")
    .replace(/^export (declare )?/, "")
    .trim();
const tagsOf = (comment, name) =>
  parseComment(comment)
    .tags.filter((tag) => tag.name === name)
    .map(({ value }) => value);

/** Returns a member of an interface or class as one row: name, type, description. */
function memberRow(member) {
  const { description, tags } = parseComment(member.docComment);
  const details = tags
    .filter(({ name }) => ["default", "unit", "minimum", "maximum", "throws"].includes(name))
    .map(
      ({ name, value }) =>
        `${name === "throws" ? "Throws" : `${name[0].toUpperCase()}${name.slice(1)}:`} ${value}`,
    );
  const name = member.name ?? "constructor";
  const type = oneLine(signature(member))
    .replace(/^(readonly |static |get |protected )*/, "")
    .replace(/;$/, "");
  const shown = member.kind.startsWith("Property")
    ? type.replace(new RegExp(`^["']?${name}["']?\\??:? ?`), "")
    : type;
  return [
    `\`${name}${member.isOptional ? "?" : ""}\``,
    `\`${cell(shown)}\``,
    cell([description, details.join("; ")].filter(Boolean).join(" ")),
  ];
}

function describeExport(item) {
  const { description, tags } = parseComment(item.docComment);
  const lines = [`### ${item.name}`, "", description];
  const isType = item.kind === "Interface" || item.kind === "Class";
  if (!isType) lines.push("", "```ts", signature(item).replace(/;?$/, ";"), "```");
  const params = tags
    .filter(({ name }) => name === "param")
    .map(({ value }) => `- ${value.replace(/^(\S+) -? ?/, "`$1`: ")}`);
  if (params.length > 0) lines.push("", ...params);
  for (const value of tagsOf(item.docComment, "throws")) lines.push("", `Throws ${value}`);
  const members = (item.members ?? []).filter(
    (member) => member.isProtected !== true && member.kind !== "Constructor" && member.name !== "name",
  );
  if (isType && members.length > 0) {
    lines.push("", "| member | type | description |", "| --- | --- | --- |");
    for (const member of members) lines.push(`| ${memberRow(member).join(" | ")} |`);
  }
  return lines.join("\n");
}

function nodeApiPage(entries) {
  const parts = [
    "# Node.js API",
    "",
    "This page lists the exports of the package, except those of `siedd/react` and `siedd/vue`, which the [embed",
    "guide](../guide/embed.md#react-and-vue) describes. It is generated from the docstrings by `npm run docs`.",
  ];
  for (const { path, about, exports } of entries) {
    parts.push("", `## ${path}`, "", about);
    for (const item of exports) parts.push("", describeExport(item));
  }
  return `${parts.join("\n")}\n`;
}

const OPTION_COLUMNS = ["option", "type", "unit", "default", "minimum", "maximum", "description"];

/** Returns a table of the properties of an options interface. */
function optionsTable(exports, name) {
  const item = exports.find((candidate) => candidate.name === name);
  if (item === undefined) throw new Error(`siedd exports no ${name}; scripts/api-reference.mjs documents it`);
  const rows = item.members.map((member) => {
    const { description } = parseComment(member.docComment);
    const tagCell = (tag) => cell(tagsOf(member.docComment, tag).join(" "));
    const [, type] = memberRow(member);
    return [
      `\`${member.name}\``,
      type,
      tagCell("unit"),
      tagCell("default"),
      tagCell("minimum"),
      tagCell("maximum"),
      cell(description),
    ];
  });
  return [OPTION_COLUMNS, OPTION_COLUMNS.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function pluginOptionsPage(exports) {
  return `# Plugin options

Options of \`app.register(siedd, { ... })\` and of \`serve({ ... })\`. You can also pass Fastify's own \`prefix\`. Unset options
take their defaults. An invalid value rejects the registration with a \`ServeError\` that names the option, the rule and the value.
The tables are generated from the docstrings by \`npm run docs\`.

## Library

Where videos come from.

${optionsTable(exports, "OpenLibrariesOptions")}

## Serving

${optionsTable(exports, "SieddOptions")}

## Standalone server

\`serve({ ... })\` takes all options above and the following.

${optionsTable(exports, "ServeOptions")}
`;
}

async function pages() {
  const entries = [];
  const problems = [];
  for (const [path, folder, about] of ENTRIES) {
    const { exports, problems: found } = await extract(folder);
    entries.push({ path, about, exports });
    problems.push(...found);
    for (const { name, docComment } of exports) {
      if (parseComment(docComment).description === "") problems.push(`${path}: ${name} has no docstring`);
    }
  }
  return {
    problems: [...new Set(problems)],
    files: {
      "docs/reference/node-api.md": nodeApiPage(entries),
      "docs/reference/plugin-options.md": pluginOptionsPage(entries[0].exports),
    },
  };
}

/** Returns a message for each page that is outdated, and for each export that lacks documentation. */
export async function outdatedApiPages() {
  const { problems, files } = await pages();
  for (const [path, text] of Object.entries(files)) {
    const present = existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : "";
    if (present !== text) problems.push(`${path} is outdated; run npm run docs`);
  }
  return problems;
}

/** Writes the pages. Throws a ScriptError that lists exports without documentation. */
export async function writeApiPages() {
  const { problems, files } = await pages();
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  if (problems.length > 0) throw new ScriptError(`\n  ${problems.join("\n  ")}`);
}
