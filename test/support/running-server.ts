import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type RunningServer, type ServeOptions, serve, type WorkEvent } from "../../server/index.js";
import { type SyntheticOptions, syntheticAsset } from "./synthetic-asset.js";
import { tempFolder } from "./temp-folder.js";

/** A running server whose assets have random weights. */
export interface TestServer extends RunningServer {
  readonly root: string;
  /** All work events that the server has emitted. */
  readonly work: WorkEvent[];
  get(path: string, init?: RequestInit): Promise<TestResponse>;
}

export interface TestResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly text: string;
  /** The error code of a JSON body. */
  readonly code: string | undefined;
}

/**
 * Starts a server on a free port. It closes when the test ends.
 *
 * @param assets options of synthetic assets, or their bytes, by id
 */
export async function testServer(
  t: Pick<TestContext, "after">,
  assets: Readonly<Record<string, SyntheticOptions | Uint8Array>>,
  options: Partial<ServeOptions> = {},
): Promise<TestServer> {
  const root = await tempFolder(t);
  for (const [id, content] of Object.entries(assets)) {
    const bytes = content instanceof Uint8Array ? content : syntheticAsset(content);
    await writeFile(join(root, `${id}.siedd`), bytes);
  }
  const work: WorkEvent[] = [];
  const server = await serve({
    root,
    port: 0,
    onWork: (event: WorkEvent) => work.push(event),
    // Otherwise `work` would also contain prefetched segments.
    prefetch: 0,
    ...options,
  });
  t.after(() => server.close());
  const get = async (path: string, init?: RequestInit): Promise<TestResponse> => {
    const response = await fetch(new URL(path, server.url), init);
    const body = Buffer.from(await response.arrayBuffer());
    const text = body.toString();
    const json = response.headers.get("content-type")?.startsWith("application/json") && text !== "";
    const code = json ? JSON.parse(text).error?.code : undefined;
    return { status: response.status, headers: response.headers, body, text, code };
  };
  return { ...server, root, work, get };
}

/** A server in a process of its own. */
export interface ForkedServer {
  readonly url: string;
  readonly child: ChildProcess;
}

/**
 * Starts a server in a process of its own. It is killed when the test ends.
 *
 * @param user id of the user and group to run as
 */
export async function forkServer(
  t: Pick<TestContext, "after">,
  options: ServeOptions,
  user?: number,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ForkedServer> {
  const args = [JSON.stringify(options), ...(user === undefined ? [] : [`${user}`])];
  const child = fork(new URL("./serve-in-child.js", import.meta.url), args, { env });
  t.after(() => child.kill("SIGKILL"));
  const [url] = (await once(child, "message")) as [string];
  return { url, child };
}

/** Returns the indexes of the computed video segments, in order of completion. */
export const segmentIndexes = (work: readonly WorkEvent[]): number[] =>
  work.filter((event) => event.type === "segment").map((event) => event.index);
