// npm run check:browsers [-- firefox webkit] [--screenshots folder]: tests the player in Firefox and WebKitGTK with a
// real server and every transport; npm test uses Chromium only. Prints the results, and exits with 1 if a scenario
// failed. If run as root, it installs missing packages: firefox-esr, webkit2gtk-driver with GStreamer plugins, xvfb,
// pulseaudio.
import { mkdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openAudioDevice, openFirefox, openWebKit } from "./browser-drivers.mjs";
import { scenarios } from "./browser-scenarios.mjs";
import { ensureModules, ensureNode, ensurePrograms, main, root, ScriptError } from "./ensure.mjs";

const BROWSERS = {
  firefox: { open: openFirefox, packages: ["firefox-esr"] },
  webkit: { open: openWebKit, packages: ["webkit2gtk-driver", "xvfb"] },
};
/** Duration of the video in seconds. Short, so that even a slow machine replaces all segments after a resize. */
const SECONDS = 6;

/** A page without styles for the player. */
const TEST_PAGE = `<!doctype html><link rel="icon" href="data:,"><style>body { margin: 0 }</style>
  <script type="module" src="/videos/player/siedd-player.js"></script>`;

/** Starts a site of another origin that uses the player. Returns its URL, and a function that closes it. */
async function openHost(videos) {
  const pages = {
    "/script": `<script src="${videos}player/siedd-player.iife.js"></script>
      <siedd-player src="${videos}video" style="width: 320px"></siedd-player>`,
    "/frame": `<iframe src="${videos}player/embed/video?autoplay=1&loop=1" width="320" height="180"
      allow="autoplay"></iframe>`,
  };
  const site = createServer(({ url }, response) => {
    const body = pages[url];
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "text/html" });
    response.end(`<!doctype html><link rel="icon" href="data:,">${body ?? ""}`);
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
  const options = { width: 320, height: 180, groups: Array.from({ length: SECONDS }, () => 25), widths: [4] };
  await writeFile(join(folder, "video.siedd"), syntheticAsset({ ...options, tone: SECONDS }));
  await writeFile(join(folder, "silent.siedd"), syntheticAsset({ ...options, tone: 0 }));
  const app = fastify({ forceCloseConnections: true });
  await app.register(siedd, { root: folder, prefix: "/videos", closeSeconds: 0 });
  app.get("/test-page", (_request, reply) => reply.type("text/html").send(TEST_PAGE));
  return {
    url: `${await app.listen({ port: 0 })}/videos/`,
    async close() {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function checkBrowser(browser, context, screenshots) {
  const page = await browser.open(context.audioDevice.env);
  let failures = 0;
  try {
    process.stdout.write(`${page.name} ${page.version}\n`);
    for (const [name, runScenario] of Object.entries(scenarios({ ...context, page }))) {
      try {
        const note = await runScenario();
        const pageErrors = await page.evaluate(() => window.pageErrors ?? []);
        if (pageErrors.length > 0) throw new Error(`the page reported errors: ${pageErrors.join("; ")}`);
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
    throw new ScriptError(`no browser "${unknown}"; use one of ${Object.keys(BROWSERS).join(", ")}`);
  }
  const browsers = (positionals.length === 0 ? Object.keys(BROWSERS) : positionals).map(
    (name) => BROWSERS[name],
  );
  ensureNode();
  ensureModules();
  ensurePrograms("ffmpeg", "pulseaudio", ...browsers.flatMap(({ packages }) => packages));
  process.chdir(root);
  const { build, isBuilt } = await import("./build.mjs");
  if (!isBuilt()) await build();
  if (values.screenshots !== undefined) mkdirSync(values.screenshots, { recursive: true });
  const server = await openServer();
  const host = await openHost(server.url);
  const audioDevice = await openAudioDevice();
  let failures = 0;
  try {
    for (const browser of browsers) {
      failures += await checkBrowser(browser, { server, host: host.url, audioDevice }, values.screenshots);
    }
  } finally {
    await audioDevice.close();
    host.close();
    await server.close();
  }
  return failures === 0 ? 0 : 1;
});
