import { readdirSync, readFileSync } from "node:fs";

/** Returns the names of the running descendants of `parent` (default: this process), without zombies. */
export function childProcesses(parent: number = process.pid): string[] {
  const running = new Map<number, { name: string; parent: number }>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const [, pid, name, state, ppid] =
        /^(\d+) \((.*)\) (\S) (\d+)/s.exec(readFileSync(`/proc/${entry}/stat`, "utf8")) ?? [];
      if (state !== "Z") running.set(Number(pid), { name: name ?? "", parent: Number(ppid) });
    } catch {
      // The process has ended since the folder was listed.
    }
  }
  const descendants = (pid: number): string[] =>
    [...running].flatMap(([child, { name, parent: ppid }]) =>
      ppid === pid ? [name, ...descendants(child)] : [],
    );
  return descendants(parent);
}

/** Waits until no descendant with this name runs. Returns the number that still run after the timeout. */
export async function remainingProcesses(name: string, timeoutMs = 60_000): Promise<number> {
  const count = () => childProcesses().filter((child) => child === name).length;
  for (const end = Date.now() + timeoutMs; count() > 0 && Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return count();
}

/** Returns the command lines of running processes that contain `text`, such as a path. */
export function commandLinesWith(text: string): string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const command = readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ");
        return command.includes(text) ? [command] : [];
      } catch {
        return [];
      }
    });
}
