import { create } from "../dom.js";
import { backIcon, checkIcon, forwardIcon } from "./icons.js";

export interface MenuItem {
  readonly label: string;
  /** What is chosen behind it. */
  readonly value?: string;
  /** One of several, of which one is checked; undefined is an entry that does something. */
  readonly checked?: boolean;
  choose(): void;
}

export interface MenuPage {
  readonly title: string;
  readonly items: readonly MenuItem[];
  /** Below the items, as a field to fill in. */
  readonly below?: HTMLElement;
  /** Where "back" goes; undefined on the first page. */
  back?(): void;
}

export interface Menu {
  readonly open: boolean;
  show(page: MenuPage, focus?: number): void;
  close(): void;
}

/** A menu as WAI-ARIA describes it (w3.org/WAI/ARIA/apg/patterns/menu-button): arrows move, Escape leaves. */
export function createMenu(
  panel: HTMLElement,
  button: HTMLElement,
  backLabel: () => string,
  signal: AbortSignal,
): Menu {
  let current: MenuPage | null = null;

  const focusable = () =>
    [...panel.querySelectorAll<HTMLElement>("[role^=menuitem], input")].filter(({ hidden }) => !hidden);
  const close = () => {
    if (panel.hidden) return;
    const inside = panel.contains((panel.getRootNode() as ShadowRoot).activeElement);
    panel.hidden = true;
    panel.replaceChildren();
    current = null;
    button.setAttribute("aria-expanded", "false");
    if (inside) button.focus({ preventScroll: true });
  };
  const entry = (item: MenuItem) => {
    const radio = item.checked !== undefined;
    const line = create(
      "button",
      {
        type: "button",
        role: radio ? "menuitemradio" : "menuitem",
        tabindex: "-1",
        ...(radio && { "aria-checked": String(item.checked) }),
        ...(item.value !== undefined && { "aria-haspopup": "menu" }),
      },
      ...(radio ? [checkIcon()] : []),
      create("span", { class: "name" }, item.label),
      ...(item.value === undefined ? [] : [create("span", { class: "value" }, item.value), forwardIcon()]),
    );
    line.addEventListener("click", () => item.choose());
    return line;
  };
  const show = (page: MenuPage, focus?: number) => {
    current = page;
    const lines = page.items.map(entry);
    const list = create("div", { role: "menu", "aria-label": page.title }, ...lines);
    const head: Node[] = [];
    if (page.back !== undefined) {
      const back = create(
        "button",
        { type: "button", class: "menu-back", tabindex: "-1", "aria-label": `${backLabel()}: ${page.title}` },
        backIcon(),
        create("span", {}, page.title),
      );
      back.addEventListener("click", () => page.back?.());
      head.push(back);
    }
    panel.replaceChildren(...head, list, ...(page.below === undefined ? [] : [page.below]));
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    const checked = page.items.findIndex((item) => item.checked === true);
    (lines[focus ?? Math.max(0, checked)] ?? lines[0])?.focus({ preventScroll: true });
  };

  const keydown = (event: KeyboardEvent) => {
    const target = event.composedPath()[0] as HTMLElement;
    const typing = target instanceof HTMLInputElement;
    const lines = focusable();
    const at = lines.indexOf(target);
    const go = (index: number) => lines.at(index % lines.length)?.focus({ preventScroll: true });
    const rtl = getComputedStyle(panel).direction === "rtl";
    const [forward, backward] = rtl ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
    let ours = true;
    if (event.key === "ArrowDown") go(at + 1);
    else if (event.key === "ArrowUp") go(at - 1);
    else if (event.key === "Home" && !typing) go(0);
    else if (event.key === "End" && !typing) go(-1);
    else if (event.key === "Escape") current?.back === undefined ? close() : current.back();
    else if (event.key === backward && !typing && current?.back !== undefined) current.back();
    else if (event.key === forward && !typing && target.hasAttribute("aria-haspopup")) target.click();
    else if (event.key === "Tab") close();
    else ours = false;
    // Whatever is typed here is not meant for the video.
    event.stopPropagation();
    if (ours) event.preventDefault();
  };
  panel.addEventListener("keydown", keydown, { signal });
  signal.addEventListener("abort", close, { once: true });
  return {
    get open() {
      return !panel.hidden;
    },
    show,
    close,
  };
}
