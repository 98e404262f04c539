import type { Localizer } from "../i18n/localizer.js";
import type { Zoom } from "../zoom/zoom.js";
import type { Layout } from "./layout.js";
import type { PlayerHost } from "./player-host.js";

/** Dependencies of the controls, valid until the signal aborts. */
export interface ControlContext {
  readonly host: PlayerHost;
  readonly layout: Layout;
  readonly localizer: Localizer;
  readonly zoom: Zoom;
  readonly signal: AbortSignal;
  /** Adds a listener for one or more event types, separated by spaces. */
  on(target: EventTarget, types: string, handle: (event: Event) => void): void;
  /** Shows a short message and announces it to screen readers. */
  showToast(text: string): void;
}

/** Sets the state of a button, and its accessible name and tooltip. */
export function setButtonState(button: HTMLElement, state: string, label: string): void {
  button.dataset.state = state;
  if (button.getAttribute("aria-label") === label) return;
  button.setAttribute("aria-label", label);
  button.title = label;
}

/** Formats a fraction, clamped to 0..1, as a CSS percentage. */
export const toPercent = (fraction: number) => `${(100 * Math.min(1, Math.max(0, fraction))).toFixed(3)}%`;

const TOAST_MS = 1100;

/** Returns a function that shows one message at a time for 1.1 seconds. */
export function createToast(toast: HTMLElement, signal: AbortSignal): (text: string) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return (text) => {
    clearTimeout(timer);
    toast.textContent = text;
    toast.dataset.shown = "";
    timer = setTimeout(() => {
      delete toast.dataset.shown;
      toast.textContent = "";
    }, TOAST_MS);
  };
}
