// npm run check:browsers [-- firefox webkit] [--screenshots folder]: opens the player in Firefox and in WebKitGTK, which
// npm test does not, and plays videos from a real server in each of its ways. Prints what passed, and exits with 1
// where something failed. Installs what it needs where it may: firefox-esr, webkit2gtk-driver with GStreamer's plugins,
// xvfb, pulseaudio.
import { mkdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { openFirefox, openWebKit, silentSoundDevice } from "./browser-drivers.mjs";
import { ensureModules, ensureNode, ensurePrograms, main, Refusal, root } from "./ensure.mjs";

const BROWSERS = {
  firefox: { open: openFirefox, packages: ["firefox-esr"] },
  webkit: { open: openWebKit, packages: ["webkit2gtk-driver", "xvfb"] },
};
/** Seconds of video: so short a one waits for its exact pixels on any machine. */
const SECONDS = 6;
/** Milliseconds until what is waited for must have come: a guard. */
const PATIENCE = 90_000;

/** The page that players are put on; it gives them no style. */
const STAGE = `<!doctype html><link rel="icon" href="data:,"><style>body { margin: 0 }</style>
  <script type="module" src="/videos/player/siedd-player.js"></script>`;

/** In the page: a player with these attributes, as `window.player`, and what went wrong in `window.faults`. */
async function place({ src, mode = "server", width = 320, levels = false }) {
  await customElements.whenDefined("siedd-player");
  window.faults = [];
  for (const type of ["error", "unhandledrejection"]) {
    window.addEventListener(type, ({ message, reason }) => window.faults.push(String(message ?? reason)));
  }
  if (levels) {
    const supported = MediaSource.isTypeSupported.bind(MediaSource);
    for (const Source of [MediaSource, globalThis.ManagedMediaSource]) {
      if (Source) Source.isTypeSupported = (type) => !type.includes("avc3") && supported(type);
    }
  }
  const player = document.createElement("siedd-player");
  window.player = player;
  window.segments = [];
  player.addEventListener("segment", ({ detail }) => window.segments.push(detail));
  Object.assign(player, { src, mode });
  player.style.width = `${width}px`;
  document.body.replaceChildren(player);
}

function look() {
  const { player } = window;
  const { buffered } = player;
  return {
    transport: player.transport,
    time: player.currentTime,
    size: `${player.videoWidth}x${player.videoHeight}`,
    ranges: Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]),
    ready: player.readyState,
    paused: player.paused,
    ended: player.ended,
    region: player.region,
    error: player.error?.message ?? null,
    faults: window.faults,
  };
}

/** Whether what the page shows of the player is a picture of more than one color. */
async function isPainted(page) {
  const { default: sharp } = await import("sharp");
  // Beside the button to play.
  const box = { left: 20, top: 40, width: 80, height: 60 };
  const part = await sharp(Buffer.from(await page.screenshot()))
    .extract(box)
    .toBuffer();
  const { channels } = await sharp(part).stats();
  return channels.some(({ stdev }) => stdev > 8);
}

function must(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

/** What a viewer does in each browser. Every one begins on a fresh page. */
function scenarios(stage) {
  const { server, page, sound } = stage;
  const empty = new URL("/stage", server.url).href;
  const video = new URL("video", server.url).href;
  const until = async (what, condition, ...given) => {
    for (const began = Date.now(); Date.now() - began < PATIENCE; ) {
      if (await page.evaluate(condition, ...given)) return;
      await pause(100);
    }
    throw new Error(`${what}: not so; ${JSON.stringify(await page.evaluate(look).catch(String))}`);
  };
  const open = async (options = {}) => {
    await page.goto(empty);
    await page.evaluate(place, { src: video, ...options });
    await until("it has a picture", () => window.player.readyState >= 2);
  };
  const shows = (size) =>
    until(`it shows ${size}`, (wanted) => `${player.videoWidth}x${player.videoHeight}` === wanted, size);
  const isSeen = async () => {
    for (const began = Date.now(); !(await isPainted(page)); await pause(200)) {
      must(Date.now() - began < PATIENCE, "the picture on the screen is of one color");
    }
  };
  const inOnePiece = () => until("the buffer is in one piece", () => player.buffered.length === 1);
  const playToTheEnd = async () => {
    // Not what play() answers: it is awaited by those that say it plays.
    await page.evaluate(() => void player.play().catch((error) => window.faults.push(String(error))));
    await until("it plays", () => player.currentTime > 0.3);
    must(await sound.isPlayedTo(), "nothing is heard");
    await until("it ends", () => player.ended);
  };
  const wayIs = async (transport) => {
    const now = await page.evaluate(() => player.transport);
    must(now === transport, `it plays by ${now}, not ${transport}`);
  };

  return {
    "server, elastic: to the end with sound, at the exact size": async () => {
      await open();
      await wayIs("elastic");
      await shows("320x180");
      await isSeen();
      await playToTheEnd();
      await shows("320x180");
      await inOnePiece();
    },
    "resize while it plays: the exact size, one buffered range": async () => {
      await open();
      await page.evaluate(() => void player.play());
      await until("it plays", () => player.currentTime > 0.3);
      await page.evaluate(() => {
        player.style.width = "480px";
      });
      await until("it ends", () => player.ended);
      await shows("480x270");
      await inOnePiece();
    },
    "resize while it rests": async () => {
      await open();
      await page.evaluate(() => {
        player.style.width = "240px";
      });
      await shows("240x136");
      await inOnePiece();
    },
    "seek, pause and play, loop": async () => {
      await open();
      for (const at of [4.2, 1.1, 5]) {
        await page.evaluate((seconds) => {
          player.currentTime = seconds;
        }, at);
        await until("it has sought", (s) => !player.seeking && Math.abs(player.currentTime - s) < 0.1, at);
        await inOnePiece();
      }
      await page.evaluate(() => {
        player.loop = true;
        void player.play();
      });
      await until("it begins again", () => !player.paused && player.currentTime < 2);
      await page.evaluate(() => player.pause());
      await until("it rests", () => player.paused);
    },
    "a region, at full density": async () => {
      await open();
      await page.evaluate(() => {
        player.region = "80,45,160,90";
      });
      await until("segments of the region come", () =>
        window.segments.some(({ region, size }) => region?.width === 160 && size.width === 320),
      );
      await shows("320x180");
      await inOnePiece();
    },
    "server, levels: to the end with sound": async () => {
      await open({ levels: true });
      await wayIs("levels");
      await playToTheEnd();
      await inOnePiece();
    },
    "direct: to the end with sound, resized without a request": async () => {
      await open({ mode: "direct" });
      await wayIs("direct");
      await shows("320x180");
      await page.evaluate(() => {
        player.style.width = "480px";
      });
      await shows("480x270");
      await isSeen();
      await playToTheEnd();
    },
    "auto: decides and plays to the end": async () => {
      await open({ mode: "auto" });
      await playToTheEnd();
      const way = await page.evaluate(() => player.transport);
      must(way === "direct" || way === "elastic", `it plays by ${way}`);
      return way;
    },
    "a silent video, direct": async () => {
      await open({ mode: "direct", src: new URL("silent", server.url).href });
      await page.evaluate(() => void player.play());
      await until("it ends", () => player.ended);
    },
    captions: async () => {
      await open();
      await page.evaluate(() => {
        const track = player.addTextTrack("captions", "English", "en");
        track.addCue(new VTTCue(0, 6, "Hello there"));
        track.mode = "showing";
      });
      await until("they are drawn", () =>
        player.shadowRoot.querySelector(".cues")?.textContent.includes("Hello there"),
      );
    },
    "keyboard: K plays and pauses, M mutes, L seeks": async () => {
      await open();
      await page.evaluate(() => player.shadowRoot.querySelector(".stage").focus());
      await page.press("k");
      await until("K plays", () => !player.paused);
      await page.press("k");
      await until("K pauses", () => player.paused);
      await page.press("m");
      await until("M mutes", () => player.muted);
      await page.press("l");
      await until("L seeks", () => player.currentTime > 5.9);
    },
    "the catalog page": async () => {
      await page.goto(new URL("#video", server.url).href);
      await page.evaluate(() => {
        window.faults = [];
        window.segments = [];
      });
      await until("it plays a video", () => {
        window.player = document.querySelector("siedd-player");
        return window.player?.readyState >= 2;
      });
    },
    "the page to embed, framed by another origin": async () => {
      await page.goto(`${stage.host}frame`);
      // What is in the frame cannot be looked into from here, but heard.
      for (const began = Date.now(); !(await sound.isPlayedTo()); await pause(200)) {
        must(Date.now() - began < PATIENCE, "nothing is heard of it");
      }
    },
    "the plain script, on a page of another origin": async () => {
      await page.goto(`${stage.host}script`);
      await page.evaluate(() => {
        window.faults = [];
        window.player = document.querySelector("siedd-player");
      });
      await until("it has a picture", () => window.player.readyState >= 2);
      await shows("320x180");
    },
  };
}

/** A site of another origin that uses the player as the documentation says. -> its address, and how to end it. */
async function openHost(videos) {
  const pages = {
    "/script": `<script src="${videos}player/siedd-player.iife.js"></script>
      <siedd-player src="${videos}video" style="width: 320px"></siedd-player>`,
    "/frame": `<iframe src="${videos}player/embed/video?autoplay=1&loop=1" width="320" height="180"
      allow="autoplay"></iframe>`,
  };
  const site = createServer(({ url }, answer) => {
    const body = pages[url];
    answer.writeHead(body === undefined ? 404 : 200, { "content-type": "text/html" });
    answer.end(`<!doctype html><link rel="icon" href="data:,">${body ?? ""}`);
  });
  await new Promise((resolve) => site.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${site.address().port}/`,
    close: () => {
      site.closeAllConnections();
      site.close();
    },
  };
}

async function openServer() {
  const { default: fastify } = await import("fastify");
  const { default: siedd } = await import("../dist/server/index.js");
  const { syntheticAsset } = await import("../dist/test/support/synthetic-asset.js");
  const folder = await mkdtemp(join(tmpdir(), "siedd-browsers-"));
  const shape = { width: 320, height: 180, groups: Array.from({ length: SECONDS }, () => 25), widths: [4] };
  await writeFile(join(folder, "video.siedd"), syntheticAsset({ ...shape, tone: SECONDS }));
  await writeFile(join(folder, "silent.siedd"), syntheticAsset({ ...shape, tone: 0 }));
  const app = fastify({ forceCloseConnections: true });
  await app.register(siedd, { root: folder, prefix: "/videos", closeSeconds: 0 });
  app.get("/stage", (_request, reply) => reply.type("text/html").send(STAGE));
  return {
    url: `${await app.listen({ port: 0 })}/videos/`,
    async close() {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function checkBrowser(browser, stage, screenshots) {
  const page = await browser.open(stage.sound.env);
  let failures = 0;
  try {
    process.stdout.write(`${page.name} ${page.version}\n`);
    for (const [name, act] of Object.entries(scenarios({ ...stage, page }))) {
      try {
        const note = await act();
        const faults = await page.evaluate(() => window.faults ?? []);
        must(faults.length === 0, `the page told of ${faults.join("; ")}`);
        process.stdout.write(`  ✔ ${name}${note === undefined ? "" : ` (${note})`}\n`);
      } catch (error) {
        failures++;
        process.stdout.write(`  ✖ ${name}: ${error.message}\n`);
      }
      if (screenshots !== undefined) {
        const file = `${page.name}-${name.replace(/[^a-z]+/gi, "-")}.png`;
        await writeFile(join(screenshots, file), await page.screenshot());
      }
    }
  } finally {
    await page.close();
  }
  return failures;
}

await main(async () => {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { screenshots: { type: "string" } },
  });
  const unknown = positionals.find((name) => BROWSERS[name] === undefined);
  if (unknown !== undefined) {
    throw new Refusal(`"${unknown}" is none of ${Object.keys(BROWSERS).join(", ")}`);
  }
  const wanted = (positionals.length === 0 ? Object.keys(BROWSERS) : positionals).map(
    (name) => BROWSERS[name],
  );
  ensureNode();
  ensureModules();
  ensurePrograms("ffmpeg", "pulseaudio", ...wanted.flatMap(({ packages }) => packages));
  process.chdir(root);
  const { build, isBuilt } = await import("./build.mjs");
  if (!isBuilt()) await build();
  if (values.screenshots !== undefined) mkdirSync(values.screenshots, { recursive: true });
  const server = await openServer();
  const host = await openHost(server.url);
  const sound = await silentSoundDevice();
  let failures = 0;
  try {
    for (const browser of wanted) {
      failures += await checkBrowser(browser, { server, host: host.url, sound }, values.screenshots);
    }
  } finally {
    await sound.close();
    host.close();
    await server.close();
  }
  return failures === 0 ? 0 : 1;
});
