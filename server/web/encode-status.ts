import type { EncodeState } from "../../protocol/encode-state.js";
import { escapeHtml } from "./escape-html.js";
import { formatPercent, formatRemaining } from "./format.js";

/** What plays of a video, and the state of its encode. */
export interface EncodeStatus {
  readonly backend: "asset" | "source";
  /** Undefined if the video is not to be encoded. */
  readonly encoding: EncodeState | undefined;
}

/** Describes in one line what plays and what becomes of it. */
export function describeStatus({ backend, encoding }: EncodeStatus): string {
  const playing = backend === "asset" ? "Asset" : "Source";
  if (encoding === undefined) return playing;
  switch (encoding.state) {
    case "waiting":
      return `${playing}, waiting to be encoded`;
    case "training":
      return `Training ${formatPercent(encoding.done)}${describeProgress(encoding)}`;
    case "paused":
      return `${playing}, encode paused at ${formatPercent(encoding.done)}`;
    case "canceled":
      return `${playing}, encode canceled`;
    case "failed":
      return `Encode failed: ${encoding.message}`;
  }
}

function describeProgress({
  yielding,
  remainingSeconds,
}: Extract<EncodeState, { state: "training" }>): string {
  if (yielding) return ", waiting for viewers";
  return remainingSeconds === undefined ? "" : `, ${formatRemaining(remainingSeconds)} left`;
}

/** Renders the status of a video, with a progress bar while it is encoded. */
export function renderStatus(status: EncodeStatus): string {
  const { encoding, backend } = status;
  const state = encoding?.state ?? backend;
  const bar =
    encoding?.state === "training"
      ? `<progress max="1" value="${encoding.done.toFixed(3)}" aria-hidden="true"></progress>`
      : "";
  return `<span class="state" data-state="${state}">${escapeHtml(describeStatus(status))}</span>${bar}`;
}
