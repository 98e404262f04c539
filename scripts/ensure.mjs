// Checks and installs what the other scripts need: Node, node modules, programs. It has no dependencies, because it
// is the first code to run in a fresh clone.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const MIN_NODE = [20, 19];

/** An expected failure. `main` prints its message without a stack. */
export class ScriptError extends Error {}

const log = (text) => process.stderr.write(`${text}\n`);

export function ensureNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) return;
  throw new ScriptError(
    `Node ${MIN_NODE.join(".")} or newer is required, this is ${process.versions.node}; install it from nodejs.org`,
  );
}

/** Runs a program with inherited output. Returns its exit code, or 127 if it cannot be started. */
export function execute(program, args, options = {}) {
  const { status, signal } = spawnSync(program, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    ...options,
  });
  return status ?? (signal ? 128 : 127);
}

/** Runs one of our scripts, relative to the root, in a child process. @throws ScriptError if it fails */
export function runScript(name, script, ...args) {
  if (execute(process.execPath, [join(root, script), ...args]) !== 0) throw new ScriptError(`${name} failed`);
}

/** Installs the node modules if one in the lock file is missing or has a different version. */
export function ensureModules() {
  if (modulesMatchLockFile()) return;
  log("Installing node modules ...");
  const npm = process.env.npm_execpath;
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  // Install scripts are off. The one of onnxruntime-node would download CUDA libraries; see setup-cuda.mjs.
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
  const status =
    npm?.endsWith(".js") === true
      ? execute(process.execPath, [npm, ...args], { env })
      : execute("npm", args, { env, shell: process.platform === "win32" });
  if (status !== 0) throw new ScriptError("cannot install the node modules; see the output of npm above");
}

function modulesMatchLockFile() {
  const installedFile = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedFile)) return false;
  const locked = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  return Object.entries(locked).every(
    ([path, { version, optional }]) =>
      path === "" || installed[path]?.version === version || (optional && installed[path] === undefined),
  );
}

/** Debian packages: the programs whose presence proves that each is installed (all or any of them), and its purpose. */
const PACKAGES = {
  ffmpeg: { programs: ["ffmpeg", "ffprobe"], all: true, purpose: "to read and write video" },
  chromium: {
    programs: ["chromium", "chromium-browser", "google-chrome"],
    variable: "SIEDD_CHROMIUM",
    purpose: "to test the player",
  },
  "firefox-esr": { programs: ["firefox-esr", "firefox"], purpose: "to check the player in Firefox" },
  "webkit2gtk-driver": {
    programs: ["WebKitWebDriver"],
    purpose: "to check the player in WebKit",
    // WebKitGTK needs these plugins to play videos.
    companions: [
      "gstreamer1.0-libav",
      "gstreamer1.0-plugins-good",
      "gstreamer1.0-plugins-bad",
      "gstreamer1.0-pulseaudio",
    ],
  },
  xvfb: { programs: ["Xvfb"], purpose: "for a virtual display" },
  pulseaudio: { programs: ["pulseaudio", "pactl"], all: true, purpose: "for a virtual audio device" },
};

export function isOnPath(name) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Installs Debian packages whose programs are missing.
 * @throws ScriptError if this user is not root, or if apt-get fails.
 */
export function ensurePrograms(...packages) {
  const missing = packages.filter((name) => !isInstalled(PACKAGES[name]));
  if (missing.length === 0) return;
  const toInstall = missing.flatMap((name) => [name, ...(PACKAGES[name].companions ?? [])]);
  const list = toInstall.join(" ");
  if (process.getuid?.() !== 0 || !isOnPath("apt-get")) {
    const purposes = missing.map((name) => `${name} (${PACKAGES[name].purpose})`).join(" and ");
    throw new ScriptError(
      `${purposes} is required; install it (on Debian and Ubuntu: sudo apt-get install ${list}) and try again`,
    );
  }
  log(`Installing ${list} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const quiet = { env, stdio: ["ignore", "ignore", "inherit"] };
  const install = () =>
    execute("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...toInstall], quiet);
  const failed = execute("apt-get", ["update", "-q"], quiet) !== 0 || install() !== 0;
  if (failed && !packages.every((name) => isInstalled(PACKAGES[name]))) {
    throw new ScriptError(`apt-get cannot install ${list}; see its output above`);
  }
}

function isInstalled({ programs, all = false, variable }) {
  if (variable && process.env[variable]) return true;
  return all ? programs.every(isOnPath) : programs.some(isOnPath);
}

/** Runs the main function of a script. Its result is the exit code; a ScriptError becomes one line and exit code 1. */
export async function main(run) {
  try {
    process.exitCode = (await run()) ?? process.exitCode;
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    log(`siedd: ${error.message}`);
    process.exitCode = 1;
  }
}
