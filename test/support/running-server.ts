import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type RunningServer, type ServeOptions, serve, type WorkEvent } from "../../server/index.js";
import { type SyntheticOptions, syntheticAsset } from "./synthetic-asset.js";
import { tempFolder } from "./temp-folder.js";

/** A server over assets with random weights, and what it computed. */
export interface TestServer extends RunningServer {
  readonly root: string;
  readonly work: WorkEvent[];
  get(path: string, init?: RequestInit): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly text: string;
  /** Of an error's JSON. */
  readonly code: string | undefined;
}

/** Starts a server on a port of the system's choice; it closes when the test ends. */
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
    ...{ root, port: 0, onWork: (event: WorkEvent) => work.push(event) },
    // What nobody asked for would be counted with what the test did.
    prefetch: 0,
    ...options,
  });
  t.after(() => server.close());
  const get = async (path: string, init?: RequestInit): Promise<Answer> => {
    const response = await fetch(new URL(path, server.url), init);
    const body = Buffer.from(await response.arrayBuffer());
    const text = body.toString();
    const json = response.headers.get("content-type")?.startsWith("application/json") && text !== "";
    const code = json ? JSON.parse(text).error?.code : undefined;
    return { status: response.status, headers: response.headers, body, text, code };
  };
  return { ...server, root, work, get };
}

/** Computed media segments of a kind, in the order of their ends. */
export const segmentsOf = (work: readonly WorkEvent[]): number[] =>
  work.filter((event) => event.type === "segment").map((event) => event.index);
