import type { ControlContext } from "./control-context.js";

/** Shorter waits show no spinner. */
const SPINNER_DELAY_MS = 250;

/** Shows the spinner while playback waits for data. */
export function setupSpinner({ host, layout, signal, on }: ControlContext): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const update = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const canContinue = host.readyState > HTMLMediaElement.HAVE_CURRENT_DATA;
      layout.spinner.hidden = host.paused || canContinue || !layout.errorPanel.hidden;
    }, SPINNER_DELAY_MS);
  };
  on(host, "waiting seeking play playing canplay pause emptied error", update);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}
