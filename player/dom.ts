/** Returns the window of a node. The player may have been moved to another one: an iframe, a popup, picture-in-picture. */
export const windowOf = (node: Node): Window & typeof globalThis => node.ownerDocument?.defaultView ?? window;

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** Creates an HTML element. An attribute value of true sets an empty attribute; false sets none. */
export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | boolean>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Creates a 24 x 24 SVG icon from filled paths. The style sheet gives it the color of the surrounding text. */
export function createIcon(name: string, ...paths: readonly string[]): SVGSVGElement {
  const icon = document.createElementNS(SVG_NAMESPACE, "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  icon.classList.add("icon", name);
  for (const path of paths) {
    const shape = document.createElementNS(SVG_NAMESPACE, "path");
    shape.setAttribute("d", path);
    icon.append(shape);
  }
  return icon;
}
