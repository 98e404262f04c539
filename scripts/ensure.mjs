// What must be on the machine before anything of ours runs: Node, node modules, programs. No dependencies:
// this is the first code of a fresh clone.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const LEAST_NODE = [20, 19];

/** An expected failure: its message is the one line that the user sees. */
export class Refusal extends Error {}

const say = (text) => process.stderr.write(`${text}\n`);

export function ensureNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])) return;
  throw new Refusal(
    `Node ${LEAST_NODE.join(".")} or newer is needed, this is ${process.versions.node}; install it from nodejs.org`,
  );
}

/** Runs a program to its end with our output; returns its exit code, 127 where it is not there. */
export function execute(program, args, options = {}) {
  const { status, signal } = spawnSync(program, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    ...options,
  });
  return status ?? (signal ? 128 : 127);
}

/** Runs one of our steps under this Node; throws where it fails. */
export function step(name, script, ...args) {
  if (execute(process.execPath, [join(root, script), ...args]) !== 0) throw new Refusal(`${name} failed`);
}

/** Installs node modules where one of the lock file is missing or of another version. */
export function ensureModules() {
  if (modulesMatch()) return;
  say("Installing node modules ...");
  const npm = process.env.npm_execpath;
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  // Install scripts are off, and onnxruntime-node's would fetch CUDA libraries: see setup-cuda.mjs.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
  const status =
    npm?.endsWith(".js") === true
      ? execute(process.execPath, [npm, ...args], { env })
      : execute("npm", args, { env, shell: process.platform === "win32" });
  if (status !== 0) throw new Refusal("the node modules could not be installed; see npm's message above");
}

function modulesMatch() {
  const installed = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installed)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const have = JSON.parse(readFileSync(installed, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === "" || have[path]?.version === version || (optional && have[path] === undefined),
  );
}

/** Programs by Debian package: the names under which they are looked for, and what for. */
const PROGRAMS = {
  ffmpeg: { names: ["ffmpeg", "ffprobe"], all: true, variable: undefined, use: "to read and write video" },
  chromium: {
    names: ["chromium", "chromium-browser", "google-chrome"],
    all: false,
    variable: "SIEDD_CHROMIUM",
    use: "to test the player",
  },
  "firefox-esr": {
    names: ["firefox-esr", "firefox"],
    all: false,
    variable: undefined,
    use: "to check the player in it",
  },
  "webkit2gtk-driver": {
    names: ["WebKitWebDriver"],
    all: true,
    variable: undefined,
    use: "to check the player in WebKit",
    // What it plays videos with.
    along: [
      "gstreamer1.0-libav",
      "gstreamer1.0-plugins-good",
      "gstreamer1.0-plugins-bad",
      "gstreamer1.0-pulseaudio",
    ],
  },
  xvfb: { names: ["Xvfb"], all: true, variable: undefined, use: "for a screen in memory" },
  pulseaudio: { names: ["pulseaudio", "pactl"], all: true, variable: undefined, use: "for a sound device" },
};

export function onPath(name) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Installs Debian packages whose programs are missing, where we may. */
export function ensurePrograms(...packages) {
  const missing = packages.filter((name) => !isThere(PROGRAMS[name]));
  if (missing.length === 0) return;
  const wanted = missing.flatMap((name) => [name, ...(PROGRAMS[name].along ?? [])]);
  const list = wanted.join(" ");
  const uses = missing.map((name) => `${name} (${PROGRAMS[name].use})`).join(" and ");
  if (process.getuid?.() !== 0 || !onPath("apt-get")) {
    throw new Refusal(
      `${uses} is needed; install it (on Debian and Ubuntu: sudo apt-get install ${list}) and try again`,
    );
  }
  say(`Installing ${list} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const quietly = { env, stdio: ["ignore", "ignore", "inherit"] };
  const install = () =>
    execute("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...wanted], quietly);
  if (
    (execute("apt-get", ["update", "-q"], quietly) !== 0 || install() !== 0) &&
    !packages.every((name) => isThere(PROGRAMS[name]))
  ) {
    throw new Refusal(`apt-get could not install ${list}; see its message above`);
  }
}

function isThere({ names, all, variable }) {
  if (variable && process.env[variable]) return true;
  return all ? names.every(onPath) : names.some(onPath);
}

/** Runs a script's main function; a refusal becomes one line and exit code 1. */
export async function main(run) {
  try {
    process.exitCode = (await run()) ?? process.exitCode;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(`siedd: ${error.message}`);
    process.exitCode = 1;
  }
}
