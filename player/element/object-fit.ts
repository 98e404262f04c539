import { OBJECT_FITS, type ObjectFit } from "../geometry/size.js";

/** Returns the `object-fit` of the element, which its video inherits. */
export function objectFit(element: Element): ObjectFit {
  const { objectFit: value } = getComputedStyle(element);
  return OBJECT_FITS.find((known) => known === value) ?? "contain";
}

/**
 * Reports changes of `object-fit` until the signal aborts. There is no event for changes of computed style, so it is read
 * again when the `style` or `class` attribute changes.
 */
export function observeFit(element: Element, onChange: () => void, signal: AbortSignal): void {
  let current = objectFit(element);
  const observer = new MutationObserver(() => {
    const next = objectFit(element);
    if (next === current) return;
    current = next;
    onChange();
  });
  observer.observe(element, { attributeFilter: ["style", "class"] });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
