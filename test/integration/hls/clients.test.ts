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
  width: 160,
  height: 90,
  widths: [4],
  tone: 3,
  languages: ["eng", "ger"],
  groups: [26, 25, 24],
  text: [{ language: "eng", cues: [cue(500, 1500, "Hello")] }],
};
const SEGMENTS = 4;

/** Milliseconds until a program counts as hung. The video lasts three seconds. */
const TIMEOUT_MS = 300_000;

/** A program that plays a URL to its end and prints warnings. */
interface Client {
  readonly program: string;
  readonly args: (url: string) => readonly string[];
  /** Warnings that are not about the stream. */
  readonly ignored?: RegExp;
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
    // ffmpeg supports subtitles in HLS only as an experimental option.
    ignored: /Can't support the subtitle/,
  },
  {
    program: "mpv",
    args: (url) => [
      ...["--no-config", "--msg-level=all=warn", url],
      // Converted instead of played in real time: on a busy machine mpv would warn that audio and video are out of sync.
      ...["--o=/dev/null", "--of=null", "--ovc=rawvideo", "--oac=pcm_s16le"],
    ],
    ignored: /Can't support the subtitle/,
  },
  {
    program: "cvlc",
    args: (url) => ["--no-color", "-q", "--vout=dummy", "--aout=dummy", "--play-and-exit", url],
  },
  {
    program: "gst-launch-1.0",
    args: (url) => [
      // A fixed connection speed prevents a switch of variants: GStreamer hangs if it switches after all audio is loaded.
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

for (const { program, args, ignored } of CLIENTS) {
  const missing = (await isOnPath(program)) ? false : `${program} is not installed`;
  test(`${program} plays the master playlist to its end without warnings`, {
    skip: missing,
  }, async (t) => {
    const paths: string[] = [];
    const errorStatuses: number[] = [];
    const write = (line: string) => {
      const { path, status } = JSON.parse(line) as { path?: string; status?: number };
      if (path !== undefined) paths.push(path);
      if (status !== undefined && status >= 400) errorStatuses.push(status);
    };
    const server = await testServer(t, { video: VIDEO }, { logger: { level: "info", stream: { write } } });
    // VLC does not run as root.
    const unprivileged = process.getuid?.() === 0 && program === "cvlc" ? { uid: 65534, gid: 65534 } : {};
    const { stdout, stderr } = await run(program, [...args(`${server.url}video/master.m3u8`)], {
      timeout: TIMEOUT_MS,
      env: { ...process.env, HOME: tmpdir() },
      ...unprivileged,
    });
    const output = `${stdout}${stderr}`
      .split("\n")
      .filter((line) => line !== "" && ignored?.test(line) !== true);
    assert.deepEqual(output, []);
    assert.deepEqual(errorStatuses, [], paths.join(" "));
    for (const part of ["full/\\d+,\\d+", "audio-0"]) {
      const indexes = paths.flatMap((path) => new RegExp(`/${part}/seg-(\\d+)\\.m4s`).exec(path)?.[1] ?? []);
      assert.deepEqual(
        [...new Set(indexes)].sort(),
        Array.from({ length: SEGMENTS }, (_, k) => `${k}`),
        part,
      );
    }
  });
}
