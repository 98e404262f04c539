import { create } from "../dom.js";
import { fill } from "../i18n/strings.js";
import type { ControlContext } from "./control-context.js";
import { HELP } from "./keyboard.js";

export interface Help {
  readonly open: boolean;
  toggle(): void;
  close(): void;
}

/** The sheet of keyboard shortcuts. While it is open the rest of the player rests. */
export function driveHelp({ skin, words, signal, on }: ControlContext): Help {
  const { help, keys, closeHelp, stage } = skin;
  const sheet = help.querySelector<HTMLElement>(".sheet")!;
  const others = () => [...stage.children].filter((child) => child !== help) as HTMLElement[];
  const key = (text: string) => create("kbd", { dir: "ltr" }, fill(text, { drag: words.text.drag }));
  const write = () => {
    keys.replaceChildren(
      ...HELP.map(([names, word]) =>
        create(
          "div",
          {},
          create("dt", {}, ...(names.includes("+{") ? [key(names)] : names.split(" ").map(key))),
          create("dd", {}, words.text[word]),
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
  words.onChange(() => {
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
