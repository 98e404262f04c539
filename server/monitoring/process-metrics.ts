import { collectDefaultMetrics, Registry } from "prom-client";

let registry: Registry | undefined;

/** Memory, processor time, event-loop lag and garbage collection of this process, whatever runs in it. */
export function processMetrics(): Registry {
  // Observers of the process: begun once, when somebody first asks, and shared by all instances.
  if (registry === undefined) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
  }
  return registry;
}
