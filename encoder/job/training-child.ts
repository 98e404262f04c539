import { setLauncher } from "../../media/index.js";
import { encode } from "../encode.js";
import { bindToParent } from "./lock.js";
import type { ChildMessage, ParentMessage } from "./training-process.js";
import { verifyAsset } from "./verify-asset.js";

/* The main module of the process that `TrainingProcess` starts. */

const aborted = new AbortController();
const send = (message: ChildMessage): Promise<void> =>
  new Promise((resolve) => process.send?.(message, () => resolve()));

// The parent has ended: checkpoints are written as groups finish, so nothing is lost.
process.on("disconnect", () => process.exit(0));
// A terminal sends Ctrl-C to all of its processes. The parent decides when this one stops.
process.on("SIGINT", () => {});
process.on("message", async (message: ParentMessage) => {
  if (message.type === "stop") {
    aborted.abort();
    return;
  }
  bindToParent();
  setLauncher(message.launcher);
  try {
    const onEvent = (event: Parameters<NonNullable<typeof message.options.onEvent>>[0]) => {
      if (event.type !== "done") void send({ type: "event", event });
    };
    const summary = await encode({ ...message.options, onEvent, signal: aborted.signal });
    const { input, output } = message.options;
    const verification = message.verify ? { verification: await verifyAsset(output, input) } : {};
    await send({ type: "finished", result: { ...summary, ...verification } });
  } catch (error) {
    const { name, message: text, code } = error as Error & { readonly code?: string };
    await send({ type: "failed", error: { name, message: text, code } });
  }
  process.exit(0);
});
