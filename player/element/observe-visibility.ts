import { windowOf } from "../dom.js";

/**
 * Reports whether an element is on the screen, once it is laid out and on each change, until the signal aborts. In a
 * background tab nothing is reported.
 */
export function observeVisibility(
  element: Element,
  onChange: (visible: boolean) => void,
  signal: AbortSignal,
): void {
  // The observer of another window (popup, picture-in-picture) would not see the element.
  const { IntersectionObserver } = windowOf(element);
  const observer = new IntersectionObserver((entries) => onChange(entries.at(-1)!.isIntersecting));
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}
