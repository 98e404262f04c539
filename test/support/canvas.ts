import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { waitFor } from "./player-stage.js";

/** Returns the pixels of the canvas, as RGBA. */
const canvasPixels = async (page: Page) =>
  Buffer.from(
    await page.evaluate(async () => {
      const canvas = window.player.shadowRoot!.querySelector("canvas.decoded") as HTMLCanvasElement;
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      const reader = new FileReader();
      reader.readAsDataURL(new Blob([data]));
      await new Promise((resolve) => reader.addEventListener("load", resolve));
      return String(reader.result).split(",")[1]!;
    }),
    "base64",
  );

/** Waits until the canvas is visible at this size: `404x228`. */
export const painted = (page: Page, size: string) =>
  waitFor(
    page,
    (expected) => {
      const canvas = window.player.shadowRoot?.querySelector<HTMLCanvasElement>("canvas.decoded");
      return canvas && canvas.style.display !== "none" && `${canvas.width}x${canvas.height}` === expected;
    },
    size,
  );

/** Waits until the canvas shows the server's image of this frame, within 2 of 255. */
export async function showsFrame(page: Page, url: string): Promise<void> {
  const response = await fetch(url);
  assert.equal(response.status, 200);
  const png = Buffer.from(await response.arrayBuffer());
  const expected = await sharp(png).ensureAlpha().raw().toBuffer();
  let maxError = 255;
  for (const end = performance.now() + 30_000; maxError > 2 && performance.now() < end; ) {
    const actual = await canvasPixels(page);
    maxError = 0;
    if (actual.length !== expected.length) maxError = 255;
    else
      for (const [i, value] of actual.entries())
        maxError = Math.max(maxError, Math.abs(value - expected[i]!));
  }
  assert.ok(maxError <= 2, `a sample differs from ${url} by ${maxError}`);
}
