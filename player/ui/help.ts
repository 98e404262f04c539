import { create } from "../dom.js";
import { interpolate } from "../i18n/strings.js";
import type { ControlContext } from "./control-context.js";
import { HELP } from "./keyboard.js";

export interface Help {
  readonly open: boolean;
  toggle(): void;
  close(): void;
}

/** The sheet of keyboard shortcuts. While it is open the rest of the player rests. */
export function setupHelp({ layout, localizer, signal, on }: ControlContext): Help {
  const { help, keys, closeHelp, stage } = layout;
  const sheet = help.querySelector<HTMLElement>(".sheet")!;
  const others = () => [...stage.children].filter((child) => child !== help) as HTMLElement[];
  const key = (text: string) =>
    create("kbd", { dir: "ltr" }, interpolate(text, { drag: localizer.strings.drag }));
  const write = () => {
    keys.replaceChildren(
      ...HELP.map(([names, word]) =>
        create(
          "div",
          {},
          create("dt", {}, ...(names.includes("+{") ? [key(names)] : names.split(" ").map(key))),
          create("dd", {}, localizer.strings[word]),
        ),
      ),
    );
  };
  const set = (open: boolean) => {
    if (open === !help.hidden) return;
    help.hidden = !open;
    for (const other of others()) other.inert = open;
    if (open) {
      write();
      sheet.focus({ preventScroll: true });
    } else stage.focus({ preventScroll: true });
  };
  on(closeHelp, "click", () => set(false));
  on(help, "click", (event) => {
    if (event.target === help) set(false);
  });
  localizer.onChange(() => {
    if (!help.hidden) write();
  }, signal);
  signal.addEventListener("abort", () => set(false), { once: true });
  return {
    get open() {
      return !help.hidden;
    },
    toggle: () => set(help.hidden !== false),
    close: () => set(false),
  };
}
