import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../encoder/training/sampling/random.js";
import { serve } from "../../server/index.js";
import { randomAsset } from "../decoding/random-asset.js";
import { FORBIDDEN, MalformedRequests } from "./malformed.js";
import { FRAME, NETWORK } from "./video.js";

export interface FuzzResult {
  readonly requests: number;
  readonly seed: number;
  /** Number of responses by status; 0 if the connection was closed without a response, as Node does for CONNECT. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Descriptions of invalid responses, each with its request. */
  readonly faults: readonly string[];
}

const CONCURRENCY = 8;
/** Error codes of an expected 503. */
const EXPECTED_503 = /"code":"(busy|over-quota|closing|asset-incomplete)"/;

/** Sends malformed requests to a server and checks every response. */
export async function fuzz(requests: number, seed: number): Promise<FuzzResult> {
  const parent = await mkdtemp(join(tmpdir(), "siedd-fuzz-"));
  const root = join(parent, "root");
  const secret = randomBytes(24).toString("base64url");
  await mkdir(join(root, "sub"), { recursive: true });
  const video = randomAsset({ network: NETWORK, frame: FRAME, tileWidth: 4, groups: 3, frameCount: 10 });
  await writeFile(join(root, "video.siedd"), video);
  await writeFile(join(root, "broken.siedd"), video.subarray(0, 5000));
  for (const name of FORBIDDEN) await writeFile(join(root, name), secret);
  // A small area limit, so that requests that happen to be valid are cheap.
  const server = await serve({ root, port: 0, maxArea: 64 * 64, clientJobs: 0 });
  const statuses: Record<string, number> = {};
  const faults: string[] = [];
  try {
    const before = await fetchSegment(server.url);
    const generator = new MalformedRequests(new Random(seed));
    let sent = 0;
    const sendNext = async () => {
      while (sent++ < requests) {
        const request = generator.next();
        const response = await exchange(server.port, request);
        const status = /^(?:HTTP\/1\.1 1\d\d .*\r\n\r\n)*HTTP\/1\.1 (\d{3}) /.exec(response)?.[1] ?? "0";
        statuses[status] = (statuses[status] ?? 0) + 1;
        const fault = faultOf(Number(status), request, response, secret);
        if (fault !== undefined)
          faults.push(`${fault}: ${JSON.stringify(request.toString("latin1").slice(0, 300))}`);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, sendNext));
    if (!(await fetchSegment(server.url)).equals(before))
      faults.push("a valid request returns different bytes afterwards");
  } finally {
    await server.close();
    await rm(parent, { recursive: true, force: true });
  }
  return { requests, seed, statuses, faults };
}

async function fetchSegment(url: string): Promise<Buffer> {
  const response = await fetch(`${url}video/full/48,28/seg-0.m4s`);
  if (response.status !== 200) throw new Error(`a valid request returned ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Describes the fault of a response; returns undefined if it has none. */
function faultOf(status: number, request: Buffer, response: string, secret: string): string | undefined {
  if (response.includes(secret)) return "a file outside the catalog was served";
  // A corrupt asset on disk is the one expected 500.
  if (status === 500 && /^\S+ \S*broken/.test(request.toString("latin1"))) return undefined;
  if (status === 503) {
    if (!EXPECTED_503.test(response) && !request.toString("latin1").startsWith("HEAD"))
      return "a 503 without an error code";
    return /\r\nretry-after: \d+\r\n/i.test(response) ? undefined : "a 503 without Retry-After";
  }
  if (status >= 500) return `status ${status} (${response.slice(response.indexOf("\r\n\r\n") + 4, 600)})`;
  return undefined;
}

/** Sends the bytes and reads until the connection closes, or 15 seconds have passed. */
function exchange(port: number, request: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    const done = () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString("latin1"));
    };
    // The server waits for a body that the headers announce.
    const timer = setTimeout(() => socket.destroy(), 15_000);
    socket.on("data", (chunk) => {
      chunks.push(chunk);
      if (
        chunks.length === 1 &&
        /\r\n(content-length|transfer-encoding|expect):/i.test(request.toString("latin1"))
      )
        socket.end();
    });
    socket.on("error", () => {});
    socket.on("close", done);
  });
}
