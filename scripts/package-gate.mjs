// Packs the package, installs it in a temporary project, and checks it: publint, every entry point, the command.
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, ScriptError } from "./ensure.mjs";

export async function checkPackage() {
  const project = mkdtempSync(join(tmpdir(), "siedd-package-"));
  try {
    const installed = installPacked(project);
    await lint(installed);
    importEntryPoints(project);
    const help = capture(process.execPath, [join(installed, "dist/cli/main.js"), "--help"], project);
    if (!help.includes("encode"))
      throw new ScriptError("siedd --help of the packed package lists no commands");
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

/** Unpacks the tarball into a new project, and links the dependencies that npm would have installed. */
function installPacked(project) {
  const [packed] = JSON.parse(npm(["pack", "--json", "--ignore-scripts", "--pack-destination", project]));
  const modules = join(project, "node_modules");
  const installed = join(modules, "siedd");
  mkdirSync(installed, { recursive: true });
  capture("tar", ["-xzf", join(project, packed.filename), "-C", installed, "--strip-components=1"], project);
  writeFileSync(join(project, "package.json"), '{ "type": "module" }\n');
  const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(installed, "package.json"), "utf8"),
  );
  const required = Object.keys({ ...dependencies, ...peerDependencies }).filter(
    (name) => !peerDependenciesMeta?.[name]?.optional,
  );
  for (const name of required) {
    mkdirSync(join(modules, name, ".."), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  const unexpected = readdirSync(join(installed, "dist")).filter((name) => ["test", "bench"].includes(name));
  if (unexpected.length > 0)
    throw new ScriptError(`the package must not contain dist/${unexpected.join(", dist/")}`);
  return installed;
}

async function lint(installed) {
  const { publint } = await import("publint");
  const { formatMessage } = await import("publint/utils");
  const pkg = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const { messages } = await publint({ pkgDir: installed, pack: false, strict: true });
  if (messages.length > 0)
    throw new ScriptError(messages.map((message) => formatMessage(message, pkg)).join("; "));
}

/** Imports all entry points in Node. Those of the player must work without a DOM, for server rendering. */
function importEntryPoints(project) {
  const script = `
    for (const entry of ["siedd", "siedd/codec", "siedd/encoder", "siedd/player", "siedd/player/define"]) {
      const names = Object.keys(await import(entry));
      if (names.length === 0) throw new Error(entry + " exports nothing");
    }`;
  capture(process.execPath, ["--input-type=module", "--eval", script], project);
}

function npm(args) {
  const path = process.env.npm_execpath;
  return path?.endsWith(".js")
    ? capture(process.execPath, [path, ...args], root)
    : capture("npm", args, root);
}

function capture(program, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (status !== 0) {
    const message = (error?.message ?? stderr).trim().split("\n").slice(-12).join("\n");
    throw new ScriptError(`${program} ${args.slice(0, 2).join(" ")} failed: ${message}`);
  }
  return stdout;
}
