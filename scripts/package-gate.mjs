// Packs the package, installs it in a temporary project, and checks it: publint, size and Node versions of an install,
// every entry point and its types, and the command without the optional packages.
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
import { fileURLToPath } from "node:url";
import { main, root, ScriptError } from "./ensure.mjs";
import { checkInstall } from "./package-install.mjs";
import { checkTypes } from "./package-types.mjs";

/** Entry points that every project can import. Those of the player must work without a DOM, for server rendering. */
const ENTRY_POINTS = ["siedd", "siedd/codec", "siedd/encoder", "siedd/player", "siedd/player/define"];

export async function checkPackage() {
  const project = mkdtempSync(join(tmpdir(), "siedd-package-"));
  try {
    const installed = installPacked(project);
    await lint(installed);
    checkInstall(installed);
    importEntryPoints(project, ENTRY_POINTS);
    checkTypes(project, { capture, link: linkModule });
    importEntryPoints(project, ["siedd/react"]);
    runCommand(project, join(installed, "dist/cli/main.js"));
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
  for (const name of required) linkModule(project, name);
  const unexpected = readdirSync(join(installed, "dist")).filter((name) => ["test", "bench"].includes(name));
  if (unexpected.length > 0)
    throw new ScriptError(`the package must not contain dist/${unexpected.join(", dist/")}`);
  return installed;
}

/** Links a package of this repository into a project. */
function linkModule(project, name) {
  const path = join(project, "node_modules", name);
  mkdirSync(join(path, ".."), { recursive: true });
  symlinkSync(join(root, "node_modules", name), path);
}

async function lint(installed) {
  const { publint } = await import("publint");
  const { formatMessage } = await import("publint/utils");
  const pkg = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const { messages } = await publint({ pkgDir: installed, pack: false, strict: true });
  if (messages.length > 0)
    throw new ScriptError(messages.map((message) => formatMessage(message, pkg)).join("; "));
}

function importEntryPoints(project, entries) {
  const script = `
    for (const entry of ${JSON.stringify(entries)}) {
      const names = Object.keys(await import(entry));
      if (names.length === 0) throw new Error(entry + " exports nothing");
    }`;
  capture(process.execPath, ["--input-type=module", "--eval", script], project);
}

/** Encodes, decodes and serves a video, without onnxruntime-node and the other optional packages. */
function runCommand(project, command) {
  const siedd = (...args) => [process.execPath, [command, ...args], project];
  const source = "testsrc=size=64x36:rate=8:duration=0.5";
  capture("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264", "video.mp4"], project);
  const steps = ["--steps", "2", "--phase1-steps", "2", "--workers", "1"];
  capture(...siedd("encode", "video.mp4", "-o", "video.siedd", "--preset", "draft", ...steps));
  capture(...siedd("decode", "video.siedd", "-o", "frame.png"));
  const script = `
    import { serve } from "siedd";
    const server = await serve({ root: ".", port: 0 });
    const { status } = await fetch(server.url + "video/full/64,36/seg-0.m4s");
    await server.close();
    if (status !== 200) throw new Error("a segment returned " + status);`;
  capture(process.execPath, ["--input-type=module", "--eval", script], project);
  failsWith(
    siedd("encode", "video.mp4", "-o", "paper.siedd", "--profile", "paper"),
    "--profile paper needs the package onnxruntime-node, which is not installed; run npm install onnxruntime-node",
  );
  failsWith(
    siedd("serve", ".", "--port", "0", "--allow-upload"),
    "--allow-upload needs the packages @tus/server and @tus/file-store, which are not installed; run npm install @tus/server @tus/file-store",
  );
}

/** Checks that a command without its optional packages fails with one sentence. */
function failsWith([program, args, cwd], sentence) {
  const { status, stderr } = spawnSync(program, args, { cwd, encoding: "utf8", timeout: 60_000 });
  if (status !== 1 || stderr !== `siedd: ${sentence}\n`) {
    throw new ScriptError(`siedd ${args.slice(1).join(" ")} must fail with one sentence, got ${stderr}`);
  }
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
    // TypeScript reports errors on stdout.
    const message = (error?.message ?? (stderr || stdout)).trim().split("\n").slice(-12).join("\n");
    throw new ScriptError(`${program} ${args.slice(0, 2).join(" ")} failed: ${message}`);
  }
  return stdout;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(checkPackage);
