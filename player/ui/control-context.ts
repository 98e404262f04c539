import type { Localizer } from "../i18n/localizer.js";
import type { Storyboard } from "../source/storyboard.js";
import type { Zoom } from "../zoom/zoom.js";
import type { Layout } from "./layout.js";
import type { PlayerHost } from "./player-host.js";

/** What every control works with, until the signal aborts. */
export interface ControlContext {
  readonly host: PlayerHost;
  readonly layout: Layout;
  readonly localizer: Localizer;
  readonly zoom: Zoom;
  readonly storyboard: Storyboard;
  readonly signal: AbortSignal;
  /** Listens to several types, separated by spaces. */
  on(target: EventTarget, types: string, handle: (event: Event) => void): void;
  /** Shows and says what has been done. */
  showToast(text: string): void;
}

/** Names a button that has states, for eyes, pointers and screen readers. */
export function setButtonState(control: HTMLElement, state: string, text: string): void {
  control.dataset.state = state;
  if (control.getAttribute("aria-label") === text) return;
  control.setAttribute("aria-label", text);
  control.title = text;
}

export const toPercent = (share: number) => `${(100 * Math.min(1, Math.max(0, share))).toFixed(3)}%`;
