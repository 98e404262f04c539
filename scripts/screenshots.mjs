// node scripts/screenshots.mjs <folder of .siedd files> [id]: writes the screenshots of the player and the catalog page
// in the documentation, docs/images/*.webp.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { build, isBuilt } from "./build.mjs";
import { main, root, ScriptError } from "./ensure.mjs";

const images = join(root, "docs/images");
/** Time in the video, seconds. */
const TIME = 3.2;
/** Maximum size of an image in bytes, for readers on mobile networks. */
const MAX_BYTES = 100_000;

async function save(name, png) {
  for (const quality of [82, 72, 60, 45]) {
    const image = await sharp(png).webp({ quality, effort: 6 }).toBuffer();
    if (image.length > MAX_BYTES) continue;
    await writeFile(join(images, `${name}.webp`), image);
    return;
  }
  throw new ScriptError(`${name} must have at most ${MAX_BYTES} bytes; capture a smaller part of the page`);
}

/** Pauses at a time, and waits until the frame has the requested size. */
async function pauseAt(page, seconds) {
  await page.evaluate(async (time) => {
    const player = document.querySelector("siedd-player");
    if (!(player.readyState >= 2)) await new Promise((done) => player.addEventListener("loadeddata", done));
    player.pause();
    player.currentTime = time;
  }, seconds);
  await page.waitForFunction(
    () => {
      const player = document.querySelector("siedd-player");
      const { width, height } = player.requestedSize ?? {};
      return !player.seeking && player.videoWidth === width && player.videoHeight === height;
    },
    undefined,
    { timeout: 30_000, polling: 100 },
  );
}

const pageHtml = (src, attributes = "") => `<!doctype html><html lang="en"><title>siedd</title>
  <body style="margin:0;padding:28px;background:light-dark(#f4f2ed,#0c0d10);color-scheme:light dark">
  <siedd-player src="${src}" muted quality="540" style="width:904px" ${attributes}></siedd-player>`;

async function takeScreenshots(browser, server, id) {
  const video = `/${encodeURIComponent(id)}`;
  const open = async (colorScheme, options = {}) => {
    const context = await browser.newContext({
      viewport: { width: 960, height: 564 },
      colorScheme,
      ...options,
    });
    return { context, page: await context.newPage() };
  };
  const capturePlayer = async (name, colorScheme, prepare) => {
    const { context, page } = await open(colorScheme);
    await page.route("**/screenshot", (route) =>
      route.fulfill({ contentType: "text/html", body: pageHtml(video) }),
    );
    await page.goto(new URL("/screenshot", server.url).href);
    await page.addScriptTag({ type: "module", url: new URL("player/siedd-player.js", server.url).href });
    await page.waitForFunction(() => customElements.get("siedd-player") !== undefined);
    await pauseAt(page, TIME);
    await prepare(page);
    await page.waitForTimeout(1500);
    await save(name, await page.screenshot());
    await context.close();
  };
  const inside = (page, selector) => page.locator("siedd-player").locator(selector);

  for (const scheme of ["light", "dark"]) {
    await capturePlayer(`player-${scheme}`, scheme, async (page) => {
      await inside(page, ".settings-button").click();
      if (scheme === "dark") await inside(page, "[role=menuitem]").first().click();
      await page.mouse.move(480, 200);
    });
  }
  await capturePlayer("player-scrubbing", "dark", async (page) => {
    const box = await inside(page, ".seek").boundingBox();
    await page.mouse.move(box.x + 0.6 * box.width, box.y + box.height / 2);
  });
  await capturePlayer("player-zoom", "dark", async (page) => {
    await page.evaluate(() => {
      document.querySelector("siedd-player").region = "pct:30,8,50,50";
    });
    await pauseAt(page, TIME);
    await page.mouse.move(400, 300);
  });
  await capturePlayer("player-help", "dark", async (page) => {
    await inside(page, ".stage").focus();
    await page.keyboard.press("?");
  });
  for (const scheme of ["light", "dark"]) {
    const { context, page } = await open(scheme, { viewport: { width: 1200, height: 1000 } });
    await page.goto(`${server.url}#${encodeURIComponent(id)}`);
    await page.waitForFunction(() => document.querySelector("siedd-player")?.readyState >= 2);
    await pauseAt(page, TIME);
    await page.mouse.move(20, 20);
    await page.waitForTimeout(2800);
    await save(`page-${scheme}`, await page.screenshot());
    await context.close();
  }
}

await main(async () => {
  const [folder, requestedId] = process.argv.slice(2);
  if (folder === undefined) {
    throw new ScriptError("usage: node scripts/screenshots.mjs <folder of .siedd files> [id]");
  }
  if (!isBuilt()) await build();
  const { serve } = await import("../dist/server/index.js");
  const { launchBrowser } = await import("../dist/test/support/browser.js");
  await mkdir(images, { recursive: true });
  const server = await serve({ root: folder, port: 0, closeSeconds: 0 });
  const browser = await launchBrowser();
  try {
    const { assets } = await (await fetch(server.url, { headers: { accept: "application/json" } })).json();
    const id = requestedId ?? assets[0]?.id;
    if (!assets.some((video) => video.id === id)) throw new ScriptError(`no video "${id}" in ${folder}`);
    await takeScreenshots(browser, server, id);
  } finally {
    await browser.close();
    await server.close();
  }
});
