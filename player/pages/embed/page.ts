import type { SieddPlayerElement } from "../../element/element.js";

/** Options of the page: `start` in seconds; `autoplay`, `muted` and `loop` as 1 or 0. */
const query = new URLSearchParams(location.search);
const isEnabled = (name: string) => !["0", "false", null].includes(query.get(name));

async function open(): Promise<void> {
  await customElements.whenDefined("siedd-player");
  const player = document.getElementById("player") as SieddPlayerElement;
  const start = Number(query.get("start"));
  if (start > 0) player.currentTime = start;
  player.loop = isEnabled("loop");
  player.muted = isEnabled("muted");
  if (!isEnabled("autoplay")) return;
  try {
    await player.play();
  } catch (error) {
    // Most browsers allow autoplay only without audio.
    if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
    player.muted = true;
    await player.play().catch(() => undefined);
  }
}

void open();
