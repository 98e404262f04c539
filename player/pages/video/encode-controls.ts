import { encodeId } from "../../../protocol/url-parameters.js";

/**
 * Makes the buttons of operators control the encode of a video.
 *
 * @param root URL of the library, with a trailing slash
 * @param onChange called after each action
 */
export function setupEncodeControls(
  root: URL,
  id: string,
  controls: HTMLElement,
  onChange: () => Promise<void>,
): void {
  const status = document.getElementById("control-status");
  controls.addEventListener("click", async ({ target }) => {
    const action = target instanceof HTMLElement ? target.dataset.action : undefined;
    if (action === undefined) return;
    const url = new URL(`player/encode/${action}/${encodeId(id)}`, root);
    const preset = controls.querySelector<HTMLSelectElement>("#preset");
    if (action === "reencode" && preset !== null) url.searchParams.set("preset", preset.value);
    const message = await post(url);
    if (status !== null) status.textContent = message;
    await onChange();
  });
}

/** Sends a request without a body. Returns what to tell the operator; "" if it has succeeded. */
async function post(url: URL): Promise<string> {
  try {
    const response = await fetch(url, { method: "POST" });
    if (response.ok) return "";
    const { error } = (await response.json()) as { error?: { message?: string } };
    return `The server has refused: ${error?.message ?? `status ${response.status}`}.`;
  } catch {
    return "The server does not respond. Try again.";
  }
}
