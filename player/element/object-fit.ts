import { OBJECT_FITS, type ObjectFit } from "../geometry/size.js";

/** How a page wants the picture to lie in the element: the element's own `object-fit`, which its video takes over. */
export function objectFit(element: Element): ObjectFit {
  const { objectFit: value } = getComputedStyle(element);
  return OBJECT_FITS.find((known) => known === value) ?? "contain";
}

/** CSS tells nobody when it changes: looks again when what it mostly hangs on does, until the signal aborts. */
export function observeFit(element: Element, onChange: () => void, signal: AbortSignal): void {
  let known = objectFit(element);
  const observer = new MutationObserver(() => {
    const now = objectFit(element);
    if (now === known) return;
    known = now;
    onChange();
  });
  observer.observe(element, { attributeFilter: ["style", "class"] });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
