import { readdirSync, readFileSync } from "node:fs";

/** Names of the processes below `parent` (default: this one) that still run, zombies left out. */
export function childProcesses(parent: number = process.pid): string[] {
  const running = new Map<number, { name: string; parent: number }>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const [, pid, name, state, above] =
        /^(\d+) \((.*)\) (\S) (\d+)/s.exec(readFileSync(`/proc/${entry}/stat`, "utf8")) ?? [];
      if (state !== "Z") running.set(Number(pid), { name: name ?? "", parent: Number(above) });
    } catch {
      // It ended between the listing and the reading.
    }
  }
  const below = (pid: number): string[] =>
    [...running].flatMap(([child, { name, parent: above }]) =>
      above === pid ? [name, ...below(child)] : [],
    );
  return below(parent);
}

/** Waits until no process called `name` is left below this one; returns how many still are when it gives up. */
export async function remaining(name: string, milliseconds = 60_000): Promise<number> {
  const count = () => childProcesses().filter((child) => child === name).length;
  for (const end = Date.now() + milliseconds; count() > 0 && Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return count();
}

/** Command lines of running processes that mention `text`, such as the folder they work in. */
export function processesOf(text: string): string[] {
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
