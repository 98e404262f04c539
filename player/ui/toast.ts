/** Milliseconds that a message stays. */
const TOAST_MS = 1100;

/** Shows and says short messages, one at a time. */
export function createToast(toast: HTMLElement, signal: AbortSignal): (text: string) => void {
  let going: ReturnType<typeof setTimeout> | undefined;
  signal.addEventListener("abort", () => clearTimeout(going), { once: true });
  return (text) => {
    clearTimeout(going);
    toast.textContent = text;
    toast.dataset.shown = "";
    going = setTimeout(() => {
      delete toast.dataset.shown;
      toast.textContent = "";
    }, TOAST_MS);
  };
}
