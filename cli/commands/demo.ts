import { createHash } from "node:crypto";
import { readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { Command } from "commander";
import { type EncodeOptions, EncoderError, type TilePreset } from "../../encoder/index.js";
import { makeFolder, probeVideo, writeSample } from "../../media/index.js";
import { type EncodeSettings, type RunningServer, ServeError, serve } from "../../server/index.js";
import { CommandError } from "../errors.js";
import { openAssetFile } from "../input/asset-file.js";
import { tilePresetOption } from "../input/encode-settings.js";
import { parseFile, parseSeconds, parseSize, type Size } from "../input/parsers.js";
import type { Io } from "../io.js";
import { encodeWithProgress } from "./encode.js";
import { parsePort, serveUntilInterrupted } from "./serve.js";

interface DemoFlags {
  readonly preset?: TilePreset;
  readonly size?: Size;
  readonly from?: number;
  readonly to?: number;
  readonly host: string;
  readonly port: number;
}

/** Where the demo keeps its assets, relative to the working directory. */
const FOLDER = join(".siedd", "demo");
/** Videos with a longer side are scaled down unless --size is given, so that encoding does not take long. */
const MAX_SIDE = 640;
/** How many ports to try in order. */
const PORT_ATTEMPTS = 20;

export function demoCommand(io: Io): Command {
  return new Command("demo")
    .description("serve a video or a generated sample with a player, and encode it in the background")
    .argument("[video]", "video file (default: a generated sample)", parseFile)
    .addOption(tilePresetOption().default("fast"))
    .option(
      "--size <WxH>",
      `size to encode at (default: the video's size, scaled down to ${MAX_SIDE} pixels on the longer side)`,
      parseSize,
    )
    .option("--from <time>", "start time (default: 0)", parseSeconds)
    .option("--to <time>", "end time (default: the end of the video)", parseSeconds)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <n>", "port to listen on; if it is in use, the next free port", parsePort, 8080)
    .action((video: string | undefined, flags: DemoFlags) => demo(video, flags, io));
}

async function demo(video: string | undefined, flags: DemoFlags, io: Io): Promise<void> {
  await makeFolder(FOLDER).catch((cause: unknown) => {
    throw new CommandError(`cannot create the folder ${FOLDER}; run siedd demo in a writable folder`, {
      cause,
    });
  });
  const id = video === undefined ? "sample" : videoId(video);
  const input = video ?? (await generateSample(io));
  const { preset, from, to } = flags;
  const size = flags.size ?? (await demoSize(input, io.signal));
  const encoding = { preset, size };
  const isNew = await discardOtherAsset(id, await demoKey(video, flags), io.signal);
  // An asset of a part has another timeline than its video, so only the asset can be served.
  if (from !== undefined || to !== undefined) {
    const output = join(FOLDER, `${id}.siedd`);
    if (isNew) await encodeOrResume({ ...encoding, input, output, from, to }, io);
  } else await linkVideo(input, id);
  const server = await serveAtFreePort(flags, encoding, io);
  const hint = isNew ? " The video plays at once; it is encoded while nobody watches." : "";
  await serveUntilInterrupted(server, `\nOpen ${server.url} in a browser.${hint} Press Ctrl-C to stop.`, io);
}

/** Removes an asset that was encoded from another video, or with other options. Returns whether none is left. */
async function discardOtherAsset(id: string, key: string, signal: AbortSignal): Promise<boolean> {
  const output = join(FOLDER, `${id}.siedd`);
  const keyFile = join(FOLDER, `${id}.json`);
  const isSame = (await readFile(keyFile, "utf8").catch(() => "")) === key;
  if (isSame) return !(await canOpen(output, signal));
  await rm(output, { force: true });
  await rm(`${output}.work`, { recursive: true, force: true });
  await writeFile(`${keyFile}.tmp`, key);
  await rename(`${keyFile}.tmp`, keyFile);
  return true;
}

/** Links a video into the demo's folder under the name of its asset. */
async function linkVideo(video: string, id: string): Promise<void> {
  const link = join(FOLDER, `${id}${extname(video)}`);
  if (resolve(video) === resolve(link)) return;
  await rm(link, { force: true });
  await symlink(resolve(video), link);
}

async function encodeOrResume(options: EncodeOptions, io: Io): Promise<void> {
  try {
    await encodeWithProgress({ ...options, resume: true }, io, false);
  } catch (error) {
    if (!(error instanceof EncoderError)) throw error;
    if (error.code === "interrupted") {
      throw new CommandError("interrupted; run the same command again to resume", { cause: error });
    }
    // The checkpoints were made with other options: start over.
    if (error.code !== "no-match") throw error;
    await encodeWithProgress(options, io, false);
  }
}

/** Returns a key that changes with the video and with every option that affects the asset. */
async function demoKey(video: string | undefined, { preset, size, from, to }: DemoFlags): Promise<string> {
  const file = video === undefined ? undefined : await stat(video).catch(() => undefined);
  const source = video === undefined ? "sample" : [resolve(video), file?.size, file?.mtimeMs];
  return JSON.stringify({ source, preset, size, from, to, version: 2 });
}

const canOpen = (path: string, signal: AbortSignal): Promise<boolean> =>
  openAssetFile(path, signal).then(
    () => true,
    () => false,
  );

async function generateSample(io: Io): Promise<string> {
  const path = join(FOLDER, "sample.mp4");
  if (await stat(path).catch(() => undefined)) return path;
  io.stderr.write("Generating the sample video ...\n");
  await writeSample({ output: path, signal: io.signal });
  return path;
}

async function demoSize(input: string, signal: AbortSignal): Promise<Size> {
  const { width, height } = await probeVideo(input, signal);
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
  return { width: Math.max(16, Math.round(width * scale)), height: Math.max(16, Math.round(height * scale)) };
}

/** Returns an asset name that is readable and unique to the path: the file name and a hash of the path. */
function videoId(video: string): string {
  const name = basename(video, extname(video))
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .slice(0, 60);
  return `${name}-${createHash("sha256").update(resolve(video)).digest("hex").slice(0, 6)}`;
}

async function serveAtFreePort(
  { host, port: firstPort }: DemoFlags,
  encodeOptions: EncodeSettings,
  io: Io,
): Promise<RunningServer> {
  const lastPort = Math.min(65535, firstPort + PORT_ATTEMPTS - 1);
  for (let port = firstPort; ; port++) {
    try {
      return await serve({ root: FOLDER, host, port, encode: "idle", encodeOptions });
    } catch (error) {
      const isInUse = error instanceof ServeError && error.code === "port-in-use";
      if (!isInUse || firstPort === 0 || port >= lastPort) throw error;
      if (port === firstPort) io.stderr.write(`Port ${firstPort} is in use; using the next free port.\n`);
    }
  }
}
