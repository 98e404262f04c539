import assert from "node:assert/strict";
import { test } from "node:test";
import { type EncodeOptions, encode } from "../../../encoder/index.js";

test("encode rejects an option that does not exist, with the closest name", async () => {
  for (const [options, option, suggestion] of [
    [{ targetPnsr: 34 }, "targetPnsr", "targetPsnr"],
    [{ worker: 2 }, "worker", "workers"],
    [{ size: { width: 64, heigth: 36 } }, "size.heigth", "size.height"],
  ] as const) {
    const all = { input: "none.mp4", output: "none.siedd", ...options } as unknown as EncodeOptions;
    const message = `${option} does not exist; did you mean ${suggestion}?`;
    await assert.rejects(encode(all), { code: "bad-option", option, message });
  }
});
