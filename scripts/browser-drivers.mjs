// Browsers other than Chromium under one small interface: Firefox over WebDriver BiDi, WebKitGTK over WebDriver.
// Both play to a sound device of their own that nobody hears, on a screen that nobody sees.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Refusal } from "./ensure.mjs";

/** Milliseconds for a program to be there, and for what a page computes. Guards, and no measurements. */
const START = 60_000;
const SCRIPT = 120_000;

/** Ends a child and waits for it. */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill();
  await gone;
}

async function until(what, condition) {
  for (const began = Date.now(); Date.now() - began < START; await pause(100)) {
    const answer = await condition();
    if (answer) return answer;
  }
  throw new Refusal(`${what} did not start within ${START / 1000} s`);
}

const succeeds = (program, args, env) =>
  new Promise((resolve) => {
    spawn(program, args, { env: { ...process.env, ...env }, stdio: "ignore" })
      .once("error", () => resolve(false))
      .once("exit", (code) => resolve(code === 0));
  });

/**
 * A sound device without a loudspeaker: a video's clock is its sound, and a browser without any device has none.
 * -> the environment that leads browsers to it, and whether anything is played there now.
 */
export async function silentSoundDevice() {
  const folder = mkdtempSync(join(tmpdir(), "siedd-sound-"));
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
  await until("pulseaudio", () => existsSync(socket) && succeeds("pactl", ["info"], env));
  return {
    env,
    async isPlayedTo() {
      const child = spawn("pactl", ["list", "short", "sink-inputs"], { env: { ...process.env, ...env } });
      let listed = "";
      for await (const text of child.stdout) listed += text;
      return listed.trim() !== "";
    },
    async close() {
      await end(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Debian's Firefox. */
export async function openFirefox(env) {
  const { default: puppeteer } = await import("puppeteer-core");
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: findOnPath("firefox-esr", "firefox"),
    env: { ...process.env, ...env },
    timeout: START,
    protocolTimeout: SCRIPT,
    extraPrefsFirefox: { "media.autoplay.default": 0 },
  });
  const [page] = await browser.pages();
  await page.setViewport({ width: 1000, height: 700 });
  return {
    name: "Firefox",
    version: (await browser.version()).split("/").pop(),
    goto: (url) => page.goto(url, { waitUntil: "load" }),
    evaluate: (run, ...given) => page.evaluate(run, ...given),
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
  throw new Refusal("WebKitGTK's MiniBrowser is missing; install the package webkit2gtk-driver");
}

/** A screen in memory. -> its name for DISPLAY, and how to end it. */
async function openScreen() {
  const args = ["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"];
  const screen = spawn("Xvfb", args, { stdio: ["ignore", "pipe", "ignore"] });
  const number = await new Promise((resolve, reject) => {
    screen.stdout.once("data", (text) => resolve(String(text).trim()));
    screen.once("error", reject);
    screen.once("exit", () => reject(new Refusal("Xvfb has no screen to give")));
  });
  return { display: `:${number}`, close: () => end(screen) };
}

/** WebKitGTK's own small browser, by W3C WebDriver. */
export async function openWebKit(env) {
  const screen = await openScreen();
  const port = await freePort();
  const quiet = { G_MESSAGES_DEBUG: "", WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1" };
  const driver = spawn("WebKitWebDriver", [`--port=${port}`], {
    env: { ...process.env, ...env, ...quiet, DISPLAY: screen.display, GDK_BACKEND: "x11" },
    stdio: "ignore",
  });
  const ask = async (method, path, body) => {
    const request = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, request);
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`WebKitWebDriver at ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  await until("WebKitWebDriver", () => ask("GET", "/status").catch(() => null));
  const options = { binary: findMiniBrowser(), args: ["--automation", "--autoplay-policy=allow"] };
  const { sessionId, capabilities } = await ask("POST", "/session", {
    capabilities: { alwaysMatch: { browserName: "MiniBrowser", "webkitgtk:browserOptions": options } },
  });
  const session = `/session/${sessionId}`;
  await ask("POST", `${session}/timeouts`, { script: SCRIPT });
  return {
    name: "WebKitGTK",
    version: capabilities.browserVersion,
    goto: (url) => ask("POST", `${session}/url`, { url }),
    async evaluate(run, ...given) {
      const script = `const done = arguments[arguments.length - 1];
        Promise.resolve().then(() => (${run})(...[...arguments].slice(0, -1)))
          .then((value) => done({ value }), (error) => done({ error: String(error) }));`;
      const { value, error } = await ask("POST", `${session}/execute/async`, { script, args: given });
      if (error !== undefined) throw new Error(error);
      return value;
    },
    press: (key) =>
      ask("POST", `${session}/actions`, {
        actions: [
          {
            type: "key",
            id: "keyboard",
            actions: ["keyDown", "keyUp"].map((type) => ({ type, value: key })),
          },
        ],
      }),
    screenshot: async () => Buffer.from(await ask("GET", `${session}/screenshot`), "base64"),
    async close() {
      await ask("DELETE", session).catch(() => undefined);
      await end(driver);
      await screen.close();
    },
  };
}
