import type { SieddPlayerElement } from "../../element/element.js";

/** Query options of the page of an embedded video: `start` in seconds; `autoplay`, `muted` and `loop` as 1 or 0. */
const query = new URLSearchParams(location.search);
const wants = (name: string) => !["0", "false", null].includes(query.get(name));

async function open(): Promise<void> {
  await customElements.whenDefined("siedd-player");
  const player = document.getElementById("player") as SieddPlayerElement;
  const start = Number(query.get("start"));
  if (start > 0) player.currentTime = start;
  player.loop = wants("loop");
  player.muted = wants("muted");
  if (!wants("autoplay")) return;
  try {
    await player.play();
  } catch (error) {
    // Without sound a video may begin by itself in most browsers.
    if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
    player.muted = true;
    await player.play().catch(() => undefined);
  }
}

void open();
