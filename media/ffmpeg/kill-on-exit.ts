import type { ChildProcess } from "node:child_process";

/** Running child processes. They are killed when this process exits, unless it exits by SIGKILL. */
const children = new Set<ChildProcess>();
const killChildren = () => {
  for (const child of children) child.kill("SIGKILL");
};

/** Kills `child` when this process exits. */
export function killOnExit(child: ChildProcess): void {
  if (children.size === 0) process.once("exit", killChildren);
  children.add(child);
  const remove = () => {
    children.delete(child);
    if (children.size === 0) process.removeListener("exit", killChildren);
  };
  child.once("close", remove);
  child.once("error", remove);
}
