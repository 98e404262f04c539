import { create } from "../dom.js";
import { backIcon, checkIcon, forwardIcon } from "./icons.js";

export interface MenuItem {
  readonly label: string;
  /** Current value, shown beside an item that opens another page. */
  readonly value?: string;
  /** Set for one of several exclusive choices. */
  readonly checked?: boolean;
  select(): void;
}

export interface MenuPage {
  readonly title: string;
  readonly items: readonly MenuItem[];
  /** Shown below the items, such as an input field. */
  readonly footer?: HTMLElement;
  /** Opens the parent page. Absent on the first page. */
  back?(): void;
}

export interface Menu {
  readonly open: boolean;
  /** @param focusIndex the item that gets the focus; by default the checked one, or else the first */
  show(page: MenuPage, focusIndex?: number): void;
  close(): void;
}

function buildItem(item: MenuItem): HTMLButtonElement {
  const isRadio = item.checked !== undefined;
  const element = create(
    "button",
    {
      type: "button",
      role: isRadio ? "menuitemradio" : "menuitem",
      tabindex: "-1",
      ...(isRadio && { "aria-checked": String(item.checked) }),
      ...(item.value !== undefined && { "aria-haspopup": "menu" }),
    },
    ...(isRadio ? [checkIcon()] : []),
    create("span", { class: "name" }, item.label),
    ...(item.value === undefined ? [] : [create("span", { class: "value" }, item.value), forwardIcon()]),
  );
  element.addEventListener("click", () => item.select());
  return element;
}

function buildBackButton(title: string, label: string, back: () => void): HTMLButtonElement {
  const element = create(
    "button",
    { type: "button", class: "menu-back", tabindex: "-1", "aria-label": `${label}: ${title}` },
    backIcon(),
    create("span", {}, title),
  );
  element.addEventListener("click", back);
  return element;
}

/**
 * Creates a menu that follows the WAI-ARIA menu button pattern (w3.org/WAI/ARIA/apg/patterns/menu-button): arrow keys
 * move the focus, and Escape goes back or closes.
 *
 * @param backLabel returns the accessible name of the back button
 */
export function createMenu(
  panel: HTMLElement,
  button: HTMLElement,
  backLabel: () => string,
  signal: AbortSignal,
): Menu {
  let current: MenuPage | null = null;

  const close = () => {
    if (panel.hidden) return;
    const hadFocus = panel.contains((panel.getRootNode() as ShadowRoot).activeElement);
    panel.hidden = true;
    panel.replaceChildren();
    current = null;
    button.setAttribute("aria-expanded", "false");
    if (!hadFocus) return;
    button.focus({ preventScroll: true });
    // A small player at rest hides the button.
    if (!button.matches(":focus")) panel.parentElement?.focus({ preventScroll: true });
  };
  const show = (page: MenuPage, focusIndex?: number) => {
    current = page;
    const items = page.items.map(buildItem);
    const children: Node[] = [create("div", { role: "menu", "aria-label": page.title }, ...items)];
    if (page.back !== undefined)
      children.unshift(buildBackButton(page.title, backLabel(), () => page.back?.()));
    if (page.footer !== undefined) children.push(page.footer);
    panel.replaceChildren(...children);
    panel.hidden = false;
    button.setAttribute("aria-expanded", "true");
    const checked = page.items.findIndex((item) => item.checked === true);
    (items[focusIndex ?? Math.max(0, checked)] ?? items[0])?.focus({ preventScroll: true });
  };

  const onKeydown = (event: KeyboardEvent) => {
    const target = event.composedPath()[0] as HTMLElement;
    const typing = target instanceof HTMLInputElement;
    const items = [...panel.querySelectorAll<HTMLElement>("[role^=menuitem], input")];
    const index = items.indexOf(target);
    const focusItem = (to: number) => items.at(to % items.length)?.focus({ preventScroll: true });
    const rtl = getComputedStyle(panel).direction === "rtl";
    const [forward, backward] = rtl ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
    let handled = true;
    if (event.key === "ArrowDown") focusItem(index + 1);
    else if (event.key === "ArrowUp") focusItem(index - 1);
    else if (event.key === "Home" && !typing) focusItem(0);
    else if (event.key === "End" && !typing) focusItem(-1);
    else if (event.key === "Escape") current?.back === undefined ? close() : current.back();
    else if (event.key === backward && !typing && current?.back !== undefined) current.back();
    else if (event.key === forward && !typing && target.hasAttribute("aria-haspopup")) target.click();
    else if (event.key === "Tab") close();
    else handled = false;
    // Keys pressed in the menu must not control the video.
    event.stopPropagation();
    if (handled) event.preventDefault();
  };
  panel.addEventListener("keydown", onKeydown, { signal });
  signal.addEventListener("abort", close, { once: true });
  return {
    get open() {
      return !panel.hidden;
    },
    show,
    close,
  };
}
