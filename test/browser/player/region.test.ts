import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Page } from "playwright-core";
import {
  look,
  PATIENCE,
  reach,
  until,
  useStage,
  VIDEO,
  withoutInBandParameters,
} from "../../support/player-stage.js";
import { syntheticAsset } from "../../support/synthetic-asset.js";

const player = (id: string, more = "") =>
  `<siedd-player src="./${id}" style="width: 640px; border-radius: 0; --siedd-radius: 0" muted ${more}></siedd-player>`;

/** Whether the region asked for has come to the screen: nothing is scaled any more. */
const isSettled = () => {
  const video = window.player.shadowRoot!.querySelector("video")!;
  const held = window.player.shadowRoot!.querySelector<HTMLElement>(".held")!;
  return window.player.region !== "full" && video.style.transform === "none" && held.hidden;
};
const settled = (page: Page) => until(page, isSettled);

declare global {
  interface Window {
    /** What of the buffer was ever seen: how often it was not one range, and the most seconds that it lost at its end. */
    watched: { apart: number; lost: number };
  }
}

/**
 * Begins to watch the buffer: whenever it changes, and between; not while something is being appended, since Chromium
 * takes a segment in pieces, the first of which removes all of the one that was there.
 * What lies behind the last picture, at `seconds`, does not count: there the buffer is as long as the longest track, the
 * sound's last frame, for as long as all is loaded, and as long as the shortest while something is yet to come. Nor does
 * what has been played: where it is of another region it is thrown away, all there is before a machine that came no
 * further.
 */
const watchBuffer = (page: Page, seconds: number) =>
  page.evaluate((last) => {
    const { player, sourceBuffers } = window;
    const watched = { apart: 0, lost: 0 };
    window.watched = watched;
    let end = 0;
    const look = () => {
      if (sourceBuffers.some(({ updating }) => updating)) return;
      const { buffered, currentTime } = player;
      if (buffered.length > 1) watched.apart++;
      const until = buffered.length === 0 ? 0 : Math.min(last, buffered.end(buffered.length - 1));
      const now = Math.max(until, currentTime);
      // Times are told in microseconds, those of the frames in 1/30000.
      if (end - now > 1e-4) watched.lost = Math.max(watched.lost, end - now);
      end = Math.max(end, now);
    };
    look();
    for (const type of ["timeupdate", "progress", "segment", "waiting"]) player.addEventListener(type, look);
    setInterval(look, 10);
  }, seconds);

/** Peak signal-to-noise ratio of a screenshot against a picture, in dB. */
async function psnr(page: Page, shot: Buffer, frame: string): Promise<number> {
  return page.evaluate(
    async ([data, url]) => {
      const pixels = async (source: string) => {
        const bitmap = await createImageBitmap(await (await fetch(source)).blob());
        const context = new OffscreenCanvas(640, 360).getContext("2d")!;
        context.drawImage(bitmap, 0, 0, 640, 360);
        return context.getImageData(0, 0, 640, 360).data;
      };
      const [a, b] = [await pixels(data), await pixels(url)];
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += i % 4 === 3 ? 0 : (a[i]! - b[i]!) ** 2;
      return 10 * Math.log10((255 * 255) / (sum / (a.length * 0.75)));
    },
    [`data:image/png;base64,${shot.toString("base64")}`, frame] as const,
  );
}

describe("zooming in Chromium", { concurrency: false, timeout: PATIENCE }, () => {
  const clip = { x: 0, y: 0, width: 640, height: 360 };
  const stage = useStage(undefined, async ({ folder }) => {
    // Tiles of one color each, another in each group: where a frame lies can be told from a few pixels.
    const mosaic = syntheticAsset({ ...VIDEO, tone: 0, widths: [0], overlap: 0 });
    await writeFile(join(folder, "mosaic.siedd"), mosaic);
    // More detail than the screen shows of the whole.
    const fine = { width: 1280, height: 720, groups: [25, 25], widths: [4] };
    await writeFile(join(folder, "fine.siedd"), syntheticAsset(fine));
    // Frames whose times are no whole microseconds.
    const groups = VIDEO.groups.slice(1).map(() => 30);
    const ntsc = { ...VIDEO, groups, frameRate: { num: 30_000, den: 1001 } };
    await writeFile(join(folder, "ntsc.siedd"), syntheticAsset(ntsc));
  });

  test("a zoomed still is what the server computes for that region, and sharper than the whole scaled up", async (t) => {
    const { page, faults } = await stage.page(t, player("fine", 'nocontrols quality="360"'));
    await until(page, () => window.player.readyState >= 2);
    let mayCome = () => {};
    const wait = new Promise<void>((resolve) => {
      mayCome = resolve;
    });
    await page.route("**/480,270,160,90/**", (route) => wait.then(() => route.continue()));
    await page.evaluate(() => {
      window.player.region = "480,270,160,90";
    });
    // At once the whole is scaled, and later the region is there.
    await page.waitForTimeout(400);
    const scaledShot = await page.screenshot({ clip });
    mayCome();
    await settled(page);
    const regionShot = await page.screenshot({ clip });
    const truth = new URL("fine/480,270,160,90/%5E640,360/frame-0.png", stage.server.url).href;
    const [scaled, region] = [await psnr(page, scaledShot, truth), await psnr(page, regionShot, truth)];
    t.diagnostic(`from the server's picture: region ${region.toFixed(1)} dB, scaled ${scaled.toFixed(1)} dB`);
    assert.ok(region > 27 && region > scaled + 4, `region ${region} dB, the whole scaled up ${scaled} dB`);
    assert.deepEqual(faults, []);
  });

  test("while the region changes no frame is seen in the place of another, and nothing that could play is lost", async (t) => {
    const { page, faults } = await stage.page(t, player("mosaic", "nocontrols"));
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    await page.route("**/100,40,160,90/**", (route) => begun.then(() => route.continue()));
    await page.evaluate(() => window.player.play());
    await reach(page, 0.4);
    const shots: Buffer[] = [];
    await watchBuffer(page, VIDEO.groups.length);
    await page.evaluate(() => {
      window.player.region = "100,40,160,90";
    });
    // Before, at and after the change; the video ends by itself.
    for (let after = 0; after < 5 && shots.length < 200; after += (await page.evaluate(isSettled)) ? 1 : 0) {
      shots.push(await page.screenshot({ clip }));
      begin();
    }
    assert.equal(await page.evaluate(() => window.player.region), "100,40,160,90");
    assert.deepEqual(await page.evaluate(() => window.watched), { apart: 0, lost: 0 });
    const candidates = await Promise.all(
      VIDEO.groups.map(async (_, second) => {
        const url = new URL(
          `mosaic/100,40,160,90/%5E640,360/frame-${1000 * second + 500}.png`,
          stage.server.url,
        );
        return (await fetch(url)).arrayBuffer().then((bytes) => Buffer.from(bytes).toString("base64"));
      }),
    );
    /** Of each picture the colors at the middles of the tiles. */
    const samples = await page.evaluate(
      (frames) =>
        Promise.all(
          frames.map(async (base64) => {
            const bitmap = await createImageBitmap(
              await (await fetch(`data:image/png;base64,${base64}`)).blob(),
            );
            const canvas = new OffscreenCanvas(640, 360);
            const context = canvas.getContext("2d")!;
            context.drawImage(bitmap, 0, 0, 640, 360);
            const colors: number[] = [];
            for (let y = 30; y < 360; y += 60) {
              for (let x = 20; x < 640; x += 40)
                colors.push(...context.getImageData(x, y, 1, 1).data.slice(0, 3));
            }
            return colors;
          }),
        ),
      [...candidates, ...shots.map((shot) => shot.toString("base64"))],
    );
    const known = samples.slice(0, candidates.length);
    const distances = samples.slice(candidates.length).map((shot) =>
      Math.min(
        ...known.map((frame) => {
          const apart = frame.map((value, i) => Math.abs(value - shot[i]!)).sort((a, b) => a - b);
          // A few samples lie on an edge between tiles.
          return apart[Math.floor(0.85 * apart.length)]!;
        }),
      ),
    );
    assert.ok(distances.length >= 6, `only ${distances.length} screenshots`);
    assert.ok(Math.max(...distances) < 30, `a frame lies elsewhere: ${distances.join(" ")}`);
    assert.deepEqual(faults, []);
  });

  for (const transport of ["elastic", "levels"]) {
    test(`however long the server takes for a region, what is buffered plays on until the new one is there (${transport})`, async (t) => {
      const { page, faults } = await stage.page(t, player("ntsc", "nocontrols"), {
        ...(transport === "levels" && { before: withoutInBandParameters }),
      });
      let answer = () => {};
      const computed = new Promise<void>((resolve) => {
        answer = resolve;
      });
      await page.route("**/80,45,160,90/**", (route) =>
        computed.then(() => route.continue()).catch(() => undefined),
      );
      // Before it plays, since a slow machine may play each segment as it comes.
      await until(page, () => window.player.buffered.length === 1 && window.player.buffered.end(0) >= 4);
      await page.evaluate(() => window.player.play());
      assert.equal((await look(page)).transport, transport);
      const at = await page.evaluate(() => window.player.currentTime);
      await watchBuffer(page, (7 * 30 * 1001) / 30_000);
      await page.evaluate(() => {
        window.player.region = "80,45,160,90";
      });
      await reach(page, at + 1.5);
      answer();
      await settled(page);
      assert.deepEqual(await page.evaluate(() => window.watched), { apart: 0, lost: 0 });
      await until(page, () => window.player.ended);
      assert.deepEqual(faults, []);
    });
  }

  test("wheel, drag, rectangle, keys and double click choose the region, and each is told once it rests", async (t) => {
    const { page, faults } = await stage.page(t, player("video"));
    await page.evaluate(() => {
      const told: string[] = [];
      Object.assign(window, { regions: told });
      window.player.addEventListener("regionchange", ({ detail }) => told.push(detail.region));
    });
    await until(page, () => window.player.readyState >= 2);
    const now = () => page.evaluate(() => ({ region: window.player.region, zoom: window.player.zoom }));
    const rested = async (before: string) => {
      await until(page, (region) => window.player.region !== region, before);
      return now();
    };

    await page.mouse.move(160, 90);
    await page.keyboard.down("Control");
    await page.mouse.wheel(0, -300);
    await page.keyboard.up("Control");
    const wheeled = await rested("full");
    assert.ok(wheeled.zoom > 1.3, JSON.stringify(wheeled));
    const [x0] = wheeled.region.split(",").map(Number);

    // The wheel alone zooms on while it is zoomed; a drag moves the picture with the hand.
    await page.mouse.down();
    await page.mouse.move(100, 60, { steps: 4 });
    await page.mouse.up();
    const panned = await rested(wheeled.region);
    assert.equal(panned.zoom, wheeled.zoom);
    assert.ok(Number(panned.region.split(",")[0]) > x0!, `${panned.region} after ${wheeled.region}`);
    assert.equal(await page.evaluate(() => window.player.paused), true, "a drag is no click");

    await page.mouse.dblclick(300, 150);
    await rested(panned.region);
    assert.deepEqual(await now(), { region: "full", zoom: 1 });
    await page.evaluate(() => window.player.pause());

    // Not in the middle: there lies the button to play.
    await page.keyboard.down("Shift");
    await page.mouse.move(120, 60);
    await page.mouse.down();
    await page.mouse.move(220, 110, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.up("Shift");
    const drawn = await rested("full");
    const [x, y, w, h] = drawn.region.split(",").map(Number) as [number, number, number, number];
    assert.ok(x <= 60 && y <= 30 && x + w >= 109 && y + h >= 54, `${drawn.region} leaves out what was drawn`);
    assert.ok(w <= 80, drawn.region);

    await page.evaluate(() => window.player.shadowRoot!.querySelector<HTMLElement>(".stage")!.focus());
    await page.keyboard.press("-");
    const wider = await rested(drawn.region);
    assert.ok(wider.zoom < drawn.zoom);
    await page.keyboard.press("Shift+ArrowLeft");
    const left = await rested(wider.region);
    assert.ok(Number(left.region.split(",")[0]) < Number(wider.region.split(",")[0]));
    await page.keyboard.press("Escape");
    await rested(left.region);
    await page.keyboard.press("+");
    const middle = await rested("full");
    assert.ok(Math.abs(middle.zoom - Math.SQRT2) < 0.05, String(middle.zoom));
    await page.keyboard.press("0");
    await rested(middle.region);
    assert.deepEqual(await now(), { region: "full", zoom: 1 });

    const told = await page.evaluate(() => (window as unknown as { regions: string[] }).regions);
    assert.equal(told.length, 9, told.join(" | "));
    assert.deepEqual(faults, []);
  });

  test("with the tool for zooming a rectangle may begin anywhere: the button to play gives way", async (t) => {
    const { page } = await stage.page(t, player("video"));
    await until(page, () => window.player.readyState >= 2);
    const bigPlay = page.locator("siedd-player").locator(".big-play");
    await bigPlay.waitFor();
    await page.locator("siedd-player").locator(".zoom-tool").click();
    await bigPlay.waitFor({ state: "hidden" });
    await page.mouse.move(320, 180);
    await page.mouse.down();
    await page.mouse.move(420, 230, { steps: 4 });
    await page.mouse.up();
    await until(page, () => window.player.zoom > 3);
    assert.equal(await page.evaluate(() => window.player.paused), true);
  });

  test("two fingers zoom into what is between them, and one pans", async (t) => {
    const { page, faults } = await stage.page(t, player("video"), { context: { hasTouch: true } });
    await until(page, () => window.player.readyState >= 2);
    const session = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...points: [number, number][]) =>
      session.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: points.map(([x, y], id) => ({ x, y, id })),
      });
    await touch("touchStart", [300, 250]);
    await touch("touchStart", [300, 250], [340, 250]);
    for (let d = 20; d <= 120; d += 20) await touch("touchMove", [300 - d, 250], [340 + d, 250]);
    await touch("touchEnd");
    await until(page, () => window.player.zoom > 3);
    const [x, , w] = (await page.evaluate(() => window.player.region)).split(",").map(Number);
    assert.ok(Math.abs(x! + w! / 2 - 160) < 12, `the middle is at ${x! + w! / 2} of 320`);
    assert.equal(await page.evaluate(() => window.player.paused), true);
    assert.deepEqual(faults, []);
  });

  test("region and zoom may be given before the video is known; a bad one warns and changes nothing", async (t) => {
    const { page, requests } = await stage.page(t, player("video", 'region="pct:50,50,50,50"'));
    const said: string[] = [];
    page.on("console", (message) => message.type() === "warning" && said.push(message.text()));
    await until(page, () => window.player.readyState >= 2);
    assert.equal(await page.evaluate(() => window.player.region), "160,90,160,90");
    assert.ok(
      requests.some((path) => /\/video\/160,90,160,90\/(%5E|\^)?[\d,]+\/elastic-0/.test(path)),
      requests.join("\n"),
    );
    assert.ok(
      !requests.some((path) => /\/video\/full\/[^/]+\/elastic-0/.test(path)),
      "the whole was asked for too",
    );
    await page.evaluate(() => {
      window.player.region = "nowhere";
    });
    assert.equal(await page.evaluate(() => window.player.region), "160,90,160,90");
    assert.match(said.join(), /region="nowhere".*must be full, x,y,w,h or pct/);
    await page.evaluate(() => {
      window.player.zoom = 4;
    });
    assert.equal(await page.evaluate(() => window.player.region), "200,113,80,45");
  });
});
