import { createHash } from "node:crypto";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { Command } from "commander";
import { type EncodeOptions, EncoderError } from "../../encoder/index.js";
import { makeFolder, probeVideo, writeSample } from "../../media/index.js";
import { type RunningServer, ServeError, serve } from "../../server/index.js";
import { CommandError } from "../errors.js";
import { openAssetFile } from "../input/asset-file.js";
import { parseFile, parseSeconds, parseSize, type Size } from "../input/values.js";
import type { Io } from "../io.js";
import { encodeWithProgress, presetOption } from "./encode.js";
import { announce, parsePort } from "./serve.js";

interface DemoFlags {
  readonly preset?: EncodeOptions["preset"];
  readonly size?: Size;
  readonly from?: number;
  readonly to?: number;
  readonly host: string;
  readonly port: number;
}

/** Where the demo keeps what it made, below the folder it is started in. */
const FOLDER = join(".siedd", "demo");
/** A video larger than this a side is stored smaller, unless --size says otherwise: it is a demo. */
const LONGEST_SIDE = 640;
/** Ports tried one after the other. */
const PORTS = 20;

export function demoCommand(io: Io): Command {
  return new Command("demo")
    .description("encodes a video (or a sample of its own), serves it and prints where to look")
    .argument("[video]", "a video; default: a sample rendered on the spot", parseFile)
    .addOption(presetOption().default("fast"))
    .option(
      "--size <WxH>",
      `pixels to store; default: the video's, at most ${LONGEST_SIDE} a side`,
      parseSize,
    )
    .option("--from <seconds>", "where to begin", parseSeconds)
    .option("--to <seconds>", "where to end", parseSeconds)
    .option("--host <address>", "address to listen at", "127.0.0.1")
    .option("--port <n>", "port to listen at; the next free one is taken if it is in use", parsePort, 8080)
    .action((video: string | undefined, flags: DemoFlags) => demo(video, flags, io));
}

async function demo(video: string | undefined, flags: DemoFlags, io: Io): Promise<void> {
  await makeFolder(FOLDER).catch((cause: unknown) => {
    throw new CommandError(`cannot create ${FOLDER} here; start it in a folder you may write to`, { cause });
  });
  const id = video === undefined ? "sample" : videoId(video);
  await prepareAsset(video, id, flags, io);
  const server = await serveAtFreePort(flags, io);
  await announce(server, `\nOpen ${server.url} in a browser. Ctrl-C ends it.`, io);
}

/** Encodes unless the same video with the same options was encoded before. */
async function prepareAsset(video: string | undefined, id: string, flags: DemoFlags, io: Io): Promise<void> {
  const output = join(FOLDER, `${id}.siedd`);
  const record = join(FOLDER, `${id}.json`);
  const key = await demoKey(video, flags);
  if ((await readFile(record, "utf8").catch(() => "")) === key && (await opens(output, io.signal))) return;
  const input = video ?? (await sample(io));
  const size = flags.size ?? (await demoSize(input, io.signal));
  const { preset, from, to } = flags;
  io.stderr.write(`Encoding ${video ?? "the sample"} once; the next start takes it as it is.\n`);
  const chosen = {
    ...(preset && { preset }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  };
  const options = { input, output, size, ...chosen };
  await encodeOrGoOn(options, io);
  await writeFile(`${record}.tmp`, key);
  await rename(`${record}.tmp`, record);
}

async function encodeOrGoOn(options: EncodeOptions, io: Io): Promise<void> {
  try {
    await encodeWithProgress({ ...options, resume: true }, io, false);
  } catch (error) {
    if (!(error instanceof EncoderError)) throw error;
    if (error.code === "interrupted") {
      throw new CommandError("interrupted; what is finished is kept, the next start goes on from there", {
        cause: error,
      });
    }
    // What an earlier start left behind is of other options: begin anew.
    if (error.code !== "no-match") throw error;
    await encodeWithProgress(options, io, false);
  }
}

/** What decides the asset: another key means another encode. */
async function demoKey(video: string | undefined, { preset, size, from, to }: DemoFlags): Promise<string> {
  const file = video === undefined ? undefined : await stat(video).catch(() => undefined);
  const source = video === undefined ? "sample" : [resolve(video), file?.size, file?.mtimeMs];
  return JSON.stringify({ source, preset, size, from, to, version: 1 });
}

const opens = (path: string, signal: AbortSignal): Promise<boolean> =>
  openAssetFile(path, signal).then(
    () => true,
    () => false,
  );

async function sample(io: Io): Promise<string> {
  const path = join(FOLDER, "sample.mp4");
  if (await stat(path).catch(() => undefined)) return path;
  io.stderr.write("Rendering the sample ...\n");
  await writeSample({ output: path, signal: io.signal });
  return path;
}

async function demoSize(input: string, signal: AbortSignal): Promise<Size> {
  const { width, height } = await probeVideo(input, signal);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  return { width: Math.max(16, Math.round(width * scale)), height: Math.max(16, Math.round(height * scale)) };
}

/** A name for the asset that says which video it is, and that two videos of one name do not share. */
function videoId(video: string): string {
  const name = basename(video, extname(video))
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .slice(0, 60);
  return `${name}-${createHash("sha256").update(resolve(video)).digest("hex").slice(0, 6)}`;
}

async function serveAtFreePort({ host, port }: DemoFlags, io: Io): Promise<RunningServer> {
  for (let tried = port; ; tried++) {
    try {
      return await serve({ root: FOLDER, host, port: tried });
    } catch (error) {
      const taken = error instanceof ServeError && error.code === "port-in-use";
      if (!taken || port === 0 || tried >= Math.min(65535, port + PORTS - 1)) throw error;
      if (tried === port) io.stderr.write(`Port ${port} is in use; taking the next free one.\n`);
    }
  }
}
