// Drives Firefox (WebDriver BiDi) and WebKitGTK (WebDriver) through one small interface. Both use a virtual audio
// device and run without a visible window.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ScriptError } from "./ensure.mjs";

/** Timeouts in milliseconds, generous because machines can be slow. */
const START_TIMEOUT_MS = 60_000;
const SCRIPT_TIMEOUT_MS = 120_000;

/** Kills a child process and waits for its exit. */
async function kill(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  await exited;
}

async function waitForStart(program, condition) {
  for (const started = Date.now(); Date.now() - started < START_TIMEOUT_MS; await pause(100)) {
    const result = await condition();
    if (result) return result;
  }
  throw new ScriptError(`${program} did not start within ${START_TIMEOUT_MS / 1000} s`);
}

const succeeds = (program, args, env) =>
  new Promise((resolve) => {
    spawn(program, args, { env: { ...process.env, ...env }, stdio: "ignore" })
      .once("error", () => resolve(false))
      .once("exit", (code) => resolve(code === 0));
  });

/**
 * Starts a virtual audio device. Without a device, the clock of a video with audio does not advance.
 *
 * @returns `env`, the environment variables for the browser; `isPlaying()`; `close()`
 */
export async function openAudioDevice() {
  const folder = mkdtempSync(join(tmpdir(), "siedd-audio-"));
  const socket = join(folder, "native");
  const modules = ["module-null-sink", `module-native-protocol-unix auth-anonymous=1 socket=${socket}`];
  const server = spawn(
    "pulseaudio",
    [
      "-n",
      "--daemonize=no",
      "--use-pid-file=no",
      "--exit-idle-time=-1",
      ...modules.map((m) => `--load=${m}`),
    ],
    { env: { ...process.env, PULSE_RUNTIME_PATH: folder, PULSE_STATE_PATH: folder }, stdio: "ignore" },
  );
  const env = { PULSE_SERVER: `unix:${socket}` };
  await waitForStart("pulseaudio", () => existsSync(socket) && succeeds("pactl", ["info"], env));
  return {
    env,
    async isPlaying() {
      const child = spawn("pactl", ["list", "short", "sink-inputs"], { env: { ...process.env, ...env } });
      let inputs = "";
      for await (const text of child.stdout) inputs += text;
      return inputs.trim() !== "";
    },
    async close() {
      await kill(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Opens Firefox from the PATH. */
export async function openFirefox(env) {
  const { default: puppeteer } = await import("puppeteer-core");
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: findOnPath("firefox-esr", "firefox"),
    env: { ...process.env, ...env },
    timeout: START_TIMEOUT_MS,
    protocolTimeout: SCRIPT_TIMEOUT_MS,
    extraPrefsFirefox: { "media.autoplay.default": 0 },
  });
  const [page] = await browser.pages();
  await page.setViewport({ width: 1000, height: 700 });
  return {
    name: "Firefox",
    version: (await browser.version()).split("/").pop(),
    goto: (url) => page.goto(url, { waitUntil: "load" }),
    evaluate: (run, ...args) => page.evaluate(run, ...args),
    press: (key) => page.keyboard.press(key),
    screenshot: () => page.screenshot(),
    close: () => browser.close(),
  };
}

function findOnPath(...names) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => existsSync(path));
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

function findMiniBrowser() {
  for (const folder of readdirSync("/usr/lib").map((name) => join("/usr/lib", name))) {
    for (const version of ["webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0"]) {
      const path = join(folder, version, "MiniBrowser");
      if (existsSync(path)) return path;
    }
  }
  throw new ScriptError("cannot find MiniBrowser of WebKitGTK; install the package webkit2gtk-driver");
}

/** Starts a virtual X display. Returns its name for DISPLAY, and a function that closes it. */
async function openDisplay() {
  const args = ["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
  const xvfb = spawn("Xvfb", args, { stdio: ["ignore", "pipe", "ignore"] });
  const number = await new Promise((resolve, reject) => {
    xvfb.stdout.once("data", (text) => resolve(String(text).trim()));
    xvfb.once("error", reject);
    xvfb.once("exit", () => reject(new ScriptError("Xvfb exited before it opened a display")));
  });
  return { display: `:${number}`, close: () => kill(xvfb) };
}

/** Opens MiniBrowser of WebKitGTK over W3C WebDriver. */
export async function openWebKit(env) {
  const virtualDisplay = await openDisplay();
  const port = await freePort();
  const quiet = { G_MESSAGES_DEBUG: "", WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" };
  const driver = spawn("WebKitWebDriver", [`--port=${port}`], {
    env: { ...process.env, ...env, ...quiet, DISPLAY: virtualDisplay.display, GDK_BACKEND: "x11" },
    stdio: "ignore",
  });
  const send = async (method, path, body) => {
    const request = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, request);
    const { value } = await response.json();
    if (!response.ok) throw new Error(`WebKitWebDriver at ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  await waitForStart("WebKitWebDriver", () => send("GET", "/status").catch(() => null));
  const options = { binary: findMiniBrowser(), args: ["--automation", "--autoplay-policy=allow"] };
  const { sessionId, capabilities } = await send("POST", "/session", {
    capabilities: { alwaysMatch: { browserName: "MiniBrowser", "webkitgtk:browserOptions": options } },
  });
  const session = `/session/${sessionId}`;
  await send("POST", `${session}/timeouts`, { script: SCRIPT_TIMEOUT_MS });
  return {
    name: "WebKitGTK",
    version: capabilities.browserVersion,
    goto: (url) => send("POST", `${session}/url`, { url }),
    async evaluate(run, ...args) {
      const script = `const done = arguments[arguments.length - 1];
        Promise.resolve().then(() => (${run})(...[...arguments].slice(0, -1)))
          .then((value) => done({ value }), (error) => done({ error: String(error) }));`;
      const { value, error } = await send("POST", `${session}/execute/async`, { script, args });
      if (error !== undefined) throw new Error(error);
      return value;
    },
    press: (key) =>
      send("POST", `${session}/actions`, {
        actions: [
          {
            type: "key",
            id: "keyboard",
            actions: ["keyDown", "keyUp"].map((type) => ({ type, value: key })),
          },
        ],
      }),
    screenshot: async () => Buffer.from(await send("GET", `${session}/screenshot`), "base64"),
    async close() {
      await send("DELETE", session).catch(() => undefined);
      await kill(driver);
      await virtualDisplay.close();
    },
  };
}
