import { create } from "../dom.js";
import { interpolate } from "../i18n/strings.js";
import type { ControlContext } from "./control-context.js";

/** The keys in the help dialog, each with the key of its description. */
export const SHORTCUTS = [
  ["Space K", "keyPlayPause"],
  ["← →", "keySeek"],
  ["J L", "keySeekLong"],
  ["0 … 9", "keySeekPercent"],
  ["Home End", "keySeekEnds"],
  [", .", "keyFrameStep"],
  ["< >", "keySpeed"],
  ["↓ ↑", "keyVolume"],
  ["M", "mute"],
  ["C", "captions"],
  ["I", "enterPip"],
  ["F", "enterFullscreen"],
  ["+ − 0", "keyZoom"],
  ["Shift+← ↑ ↓ →", "keyPan"],
  ["Shift+{drag}", "keyZoomArea"],
  ["S", "statistics"],
  ["?", "help"],
] as const;

export interface Help {
  readonly open: boolean;
  toggle(): void;
  close(): void;
}

/** Sets up the dialog with the keyboard shortcuts. The rest of the player is inert while it is open. */
export function setupHelp({ layout, localizer, signal, on }: ControlContext): Help {
  const { helpPanel, helpSheet, shortcutList, closeHelpButton, stage } = layout;
  const key = (text: string) =>
    create("kbd", { dir: "ltr" }, interpolate(text, { drag: localizer.strings.drag }));
  const render = () => {
    shortcutList.replaceChildren(
      ...SHORTCUTS.map(([keys, description]) =>
        create(
          "div",
          {},
          create("dt", {}, ...(keys.includes("+{") ? [key(keys)] : keys.split(" ").map(key))),
          create("dd", {}, localizer.strings[description]),
        ),
      ),
    );
  };
  const setOpen = (open: boolean) => {
    if (open === !helpPanel.hidden) return;
    helpPanel.hidden = !open;
    for (const child of stage.children) {
      if (child !== helpPanel) (child as HTMLElement).inert = open;
    }
    if (open) {
      render();
      helpSheet.focus({ preventScroll: true });
    } else stage.focus({ preventScroll: true });
  };
  on(closeHelpButton, "click", () => setOpen(false));
  on(helpPanel, "click", (event) => {
    if (event.target === helpPanel) setOpen(false);
  });
  localizer.onChange(() => {
    if (!helpPanel.hidden) render();
  }, signal);
  signal.addEventListener("abort", () => setOpen(false), { once: true });
  return {
    get open() {
      return !helpPanel.hidden;
    },
    toggle: () => setOpen(helpPanel.hidden !== false),
    close: () => setOpen(false),
  };
}
