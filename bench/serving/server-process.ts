import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { ServeOptions } from "../../server/index.js";

/** A server in a child process. */
export interface ServerProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Milliseconds from the start of the process until the server listened. */
  readonly startMs: number;
  close(): Promise<void>;
}

/** Starts a server in a child process, so that its memory can be measured. */
export async function startServer(options: ServeOptions): Promise<ServerProcess> {
  const started = performance.now();
  const child = fork(new URL("./serve-options.js", import.meta.url), [JSON.stringify(options)]);
  const [url] = (await once(child, "message")) as [string];
  return {
    url,
    child,
    startMs: performance.now() - started,
    close: async () => {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}

/** Returns the resident memory of a process in MiB, and the most that it had so far. */
export function memoryOf({ child }: ServerProcess): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}

/** Fetches a URL and returns its body. Throws unless the status is 200. */
export async function fetchBody(url: string): Promise<Buffer> {
  const response = await fetch(url);
  const body = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${url}: status ${response.status} ${body.toString().slice(0, 200)}`);
  return body;
}

/** Measures the milliseconds that `work` takes. */
export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
