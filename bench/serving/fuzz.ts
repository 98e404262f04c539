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
  /** How often each status was answered; 0: the connection was closed without one, as Node does with CONNECT. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Requests that were answered as none may be, with what is wrong. */
  readonly faults: readonly string[];
}

const AT_ONCE = 8;
/** What a 503 may be for. */
const INTENDED = /"code":"(busy|over-quota|closing|asset-incomplete)"/;

/** Sends malformed requests to a server and holds every answer to the same rules. */
export async function fuzz(requests: number, seed: number): Promise<FuzzResult> {
  const above = await mkdtemp(join(tmpdir(), "siedd-fuzz-"));
  const root = join(above, "root");
  const secret = randomBytes(24).toString("base64url");
  await mkdir(join(root, "sub"), { recursive: true });
  const video = randomAsset(NETWORK, FRAME, 4, 3, 10);
  await writeFile(join(root, "video.siedd"), video);
  await writeFile(join(root, "broken.siedd"), video.subarray(0, 5000));
  for (const name of FORBIDDEN) await writeFile(join(root, name), secret);
  // Small, so that what happens to be in order costs little.
  const server = await serve({ root, port: 0, maxArea: 64 * 64, clientJobs: 0 });
  const statuses: Record<string, number> = {};
  const faults: string[] = [];
  try {
    const before = await quietAnswer(server.url);
    const generator = new MalformedRequests(new Random(seed));
    let sent = 0;
    const sendNext = async () => {
      while (sent++ < requests) {
        const request = generator.next();
        const answer = await exchange(server.port, request);
        const status = /^(?:HTTP\/1\.1 1\d\d .*\r\n\r\n)*HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? "0";
        statuses[status] = (statuses[status] ?? 0) + 1;
        const fault = faultOf(Number(status), request, answer, secret);
        if (fault !== undefined)
          faults.push(`${fault}: ${JSON.stringify(request.toString("latin1").slice(0, 300))}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sendNext));
    if (!(await quietAnswer(server.url)).equals(before))
      faults.push("a good request has other bytes afterwards");
  } finally {
    await server.close();
    await rm(above, { recursive: true, force: true });
  }
  return { requests, seed, statuses, faults };
}

async function quietAnswer(url: string): Promise<Buffer> {
  const response = await fetch(`${url}video/full/48,28/seg-0.m4s`);
  if (response.status !== 200) throw new Error(`a good request is answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

function faultOf(status: number, request: Buffer, answer: string, secret: string): string | undefined {
  if (answer.includes(secret)) return "a file was served that is none of its";
  // A video that is broken on the disk is the server's fault, and says so: the one 500 that is meant.
  if (status === 500 && /^\S+ \S*broken/.test(request.toString("latin1"))) return undefined;
  if (status === 503) {
    if (!INTENDED.test(answer) && !request.toString("latin1").startsWith("HEAD"))
      return "a 503 without its code";
    return /\r\nretry-after: \d+\r\n/i.test(answer) ? undefined : "a 503 without Retry-After";
  }
  if (status >= 500) return `status ${status} (${answer.slice(answer.indexOf("\r\n\r\n") + 4, 600)})`;
  return undefined;
}

/** Sends the bytes and reads until the connection ends; an answer that does not end is a fault of its own. */
function exchange(port: number, request: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    const done = () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString("latin1"));
    };
    // A body that was announced and does not come is waited for by the server, rightly.
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
