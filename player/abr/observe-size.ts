import type { Size } from "../geometry/size.js";

/**
 * Tells the content box of an element in device pixels, now and whenever it or the density of the screen
 * changes, until the signal aborts. A box without an area (not laid out, hidden) is not told.
 */
export function observeSize(element: Element, onBox: (box: Size) => void, signal: AbortSignal): void {
  let content: Size = { width: 0, height: 0 };
  const tell = () => {
    if (content.width <= 0 || content.height <= 0) return;
    const density = window.devicePixelRatio;
    onBox({ width: content.width * density, height: content.height * density });
  };
  const observer = new ResizeObserver((entries) => {
    const rect = entries.at(-1)?.contentRect;
    if (rect === undefined) return;
    content = { width: rect.width, height: rect.height };
    tell();
  });
  try {
    // Also tells of another density, at which the box in CSS pixels stays the same.
    observer.observe(element, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(element);
  }

  // For browsers without that box. A media query matches one density only, so each change needs a new one.
  let forget = new AbortController();
  const watchDensity = () => {
    forget.abort();
    forget = new AbortController();
    const query = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    query.addEventListener(
      "change",
      () => {
        watchDensity();
        tell();
      },
      { signal: forget.signal },
    );
  };
  watchDensity();

  signal.addEventListener(
    "abort",
    () => {
      observer.disconnect();
      forget.abort();
    },
    { once: true },
  );
}
