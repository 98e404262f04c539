import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { Command } from "commander";
import { encodeCommand } from "../../../../cli/commands/encode.js";
import { serveCommand } from "../../../../cli/commands/serve.js";
import { CommandError, UsageError } from "../../../../cli/errors.js";
import { FLAGS, nameFlags, toCommandError } from "../../../../cli/input/flags.js";
import { EncoderError } from "../../../../encoder/index.js";
import { ServeError } from "../../../../server/index.js";

const io = { stdout: new PassThrough(), stderr: new PassThrough(), signal: new AbortController().signal };
const commands: readonly Command[] = [encodeCommand(io), serveCommand(io)];

test("the table of flags lists every option of encode and serve, and no other flag", () => {
  const options = commands.flatMap(({ options }) => options.map(({ long }) => long));
  const inTable = [...FLAGS.values()].filter((flag) => flag.startsWith("--"));
  const cliOnly = ["--json", "--log-level"];
  assert.deepEqual([...inTable, ...cliOnly].sort(), [...new Set(options)].sort());
});

test("names flags instead of options in errors of the encoder", () => {
  for (const [message, expected] of [
    ["targetPsnr must be from 10 to 60 dB, got 5", "--target-psnr must be from 10 to 60 dB, got 5"],
    ["steps must be an integer >= 1, got 0", "--steps must be an integer >= 1, got 0"],
    ["size.width must be from 16 to 8192, got 8", "--size must be from 16 to 8192, got 8"],
    ["points and fraction are mutually exclusive", "--points and --fraction are mutually exclusive"],
    ["anchors and a list for anchorChoice", "--anchors and a list for --anchor-choice"],
    ['rank requires decoder: "low-rank"', "--rank requires --decoder low-rank"],
    ["rerun with `resume: true` to continue", "rerun with --resume to continue"],
    ['trainer "tfjs" cannot use device "cuda"', "--trainer tfjs cannot use --device cuda"],
    ['trainer: "kernel" excludes device: "cuda"', "--trainer kernel excludes --device cuda"],
    ["try another `seed`, fewer `steps`", "try another --seed, fewer --steps"],
    ["input.mp4 has no `size`", "input.mp4 has no --size"],
    ["/tmp/targetPsnr.mp4 has no frames to train", "/tmp/targetPsnr.mp4 has no frames to train"],
  ] as const) {
    const error = toCommandError(new EncoderError("bad-option", message));
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, expected);
  }
});

test("names flags instead of options in errors of the server", () => {
  for (const [message, expected] of [
    ["siedd options.cacheDir must be a folder", "--cache-dir must be a folder"],
    ["siedd options.cacheDirBytes must be an integer", "--cache-mb must be an integer"],
    ["siedd options.root[1].url must be a URL", "<folder|url> must be a URL"],
    [
      "siedd options.signKeys[0].secret must have at least 16 characters",
      "the secret of key 1 in --sign-key or SIEDD_SIGN_KEYS must have at least 16 characters",
    ],
    ["port must be an integer from 0 to 65535", "--port must be an integer from 0 to 65535"],
  ] as const) {
    const error = toCommandError(new ServeError("bad-option", message));
    assert.ok(error instanceof UsageError);
    assert.equal(error.message, expected);
  }
});

test("only an invalid option is a usage error", () => {
  const unwritable = new ServeError("bad-option", "cacheDir must be writable", {
    cause: new Error("EACCES"),
  });
  for (const error of [
    unwritable,
    new EncoderError("interrupted", "interrupted"),
    new ServeError("port-in-use", ""),
  ]) {
    const converted = toCommandError(error);
    assert.ok(converted instanceof CommandError && !(converted instanceof UsageError));
    assert.equal(converted.cause, error);
  }
  const other = new Error("targetPsnr");
  assert.equal(toCommandError(other), other);
});

test("keeps option names that are English words inside a sentence", () => {
  const message =
    "training diverged: the loss is not a number; use fewer steps, another seed or another width";
  assert.equal(nameFlags(message), message);
});
