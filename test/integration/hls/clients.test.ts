import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { testServer } from "../../support/running-server.js";

const run = promisify(execFile);
const cue = (start: number, end: number, text: string) => ({ start, end, settings: "", text });
const VIDEO = {
  ...{ width: 160, height: 90, widths: [4], tone: 3, languages: ["eng", "ger"] },
  groups: [26, 25, 24],
  text: [{ language: "eng", cues: [cue(500, 1500, "Hello")] }],
};
const SEGMENTS = 4;

/** Milliseconds after which a program counts as one that hangs: it plays three seconds of video. */
const HANGS = 300_000;

/** A program that plays a URL to its end and says what it had to complain of. */
interface Client {
  readonly program: string;
  readonly args: (url: string) => readonly string[];
  /** A complaint that is about the program itself. */
  readonly own?: RegExp;
}

const CLIENTS: readonly Client[] = [
  {
    program: "ffmpeg",
    args: (url) => [
      "-v",
      "warning",
      "-xerror",
      "-i",
      url,
      "-map",
      "0:v:0",
      "-map",
      "0:a:0",
      "-f",
      "null",
      "-",
    ],
    // Subtitles in HLS are an experiment that ffmpeg has to be told to make.
    own: /Can't support the subtitle/,
  },
  {
    program: "mpv",
    args: (url) => [
      ...["--no-config", "--msg-level=all=warn", url],
      // Played for a clock, picture and sound part on a busy machine, which mpv complains of: converted there is none.
      ...["--o=/dev/null", "--of=null", "--ovc=rawvideo", "--oac=pcm_s16le"],
    ],
    own: /Can't support the subtitle/,
  },
  {
    program: "cvlc",
    args: (url) => ["--no-color", "-q", "--vout=dummy", "--aout=dummy", "--play-and-exit", url],
  },
  {
    program: "gst-launch-1.0",
    args: (url) => [
      // It hangs at the end where it has changed the variant after all sound is there: with a speed it does not change.
      ...["-q", "playbin", "connection-speed=100000", `uri=${url}`],
      ...["video-sink=fakesink sync=false", "audio-sink=fakesink sync=false"],
    ],
  },
];

async function isOnPath(program: string): Promise<boolean> {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const found = await Promise.all(
    folders.map((folder) => stat(join(folder, program)).catch(() => undefined)),
  );
  return found.some((entry) => entry !== undefined);
}

for (const { program, args, own } of CLIENTS) {
  const missing = (await isOnPath(program)) ? false : `${program} is not on this machine`;
  test(`${program} plays the master playlist to its end without a complaint`, {
    skip: missing,
  }, async (t) => {
    const asked: string[] = [];
    const write = (line: string) => {
      const { path, status } = JSON.parse(line) as { path?: string; status?: number };
      if (path !== undefined) asked.push(path);
      if (status !== undefined && status >= 400) asked.push(`${status}`);
    };
    const server = await testServer(t, { video: VIDEO }, { logger: { level: "info", stream: { write } } });
    // VLC refuses to be run by root.
    const root = process.getuid?.() === 0 && program === "cvlc" ? { uid: 65534, gid: 65534 } : {};
    const { stdout, stderr } = await run(program, [...args(`${server.url}video/master.m3u8`)], {
      ...{ timeout: HANGS, env: { ...process.env, HOME: tmpdir() }, ...root },
    });
    const said = `${stdout}${stderr}`.split("\n").filter((line) => line !== "" && own?.test(line) !== true);
    assert.deepEqual(said, []);
    assert.ok(!asked.some((path) => /^\d+$/.test(path)), asked.join(" "));
    for (const part of ["full/\\d+,\\d+", "audio-0"]) {
      const got = asked.flatMap((path) => new RegExp(`/${part}/seg-(\\d+)\\.m4s`).exec(path)?.[1] ?? []);
      assert.deepEqual(
        [...new Set(got)].sort(),
        Array.from({ length: SEGMENTS }, (_, k) => `${k}`),
        part,
      );
    }
  });
}
