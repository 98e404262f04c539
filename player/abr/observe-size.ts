import { windowOf } from "../dom.js";
import type { Size } from "../geometry/size.js";

/** Measures the content box of an element in device pixels; null if it is not laid out. */
export function measureSize(element: Element): Size | null {
  const view = windowOf(element);
  const style = view.getComputedStyle(element);
  // Without layout, the values are not in pixels.
  const [width, height] = [style.width, style.height].map((length) =>
    Number(/^([\d.]+)px$/.exec(length)?.[1]),
  );
  if (!(width! > 0 && height! > 0)) return null;
  return { width: width! * view.devicePixelRatio, height: height! * view.devicePixelRatio };
}

/**
 * Observes the content box of an element in device pixels. Calls `onSize` once the element is laid out and whenever
 * the box or the pixel density changes, until the signal aborts. A box without an area (hidden, not laid out) is
 * not reported.
 */
export function observeSize(element: Element, onSize: (size: Size) => void, signal: AbortSignal): void {
  const view = windowOf(element);
  let content: Size = { width: 0, height: 0 };
  const report = () => {
    if (content.width <= 0 || content.height <= 0) return;
    const density = view.devicePixelRatio;
    onSize({ width: content.width * density, height: content.height * density });
  };
  const observer = new view.ResizeObserver((entries) => {
    const rect = entries.at(-1)?.contentRect;
    if (rect === undefined) return;
    content = { width: rect.width, height: rect.height };
    report();
  });
  try {
    // Also fires when only the density changes and the box in CSS pixels stays the same.
    observer.observe(element, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(element);
  }

  // For browsers without `device-pixel-content-box`. A media query matches one density, so each change needs a new one.
  let densityListener = new AbortController();
  const watchDensity = () => {
    densityListener.abort();
    densityListener = new AbortController();
    const query = view.matchMedia(`(resolution: ${view.devicePixelRatio}dppx)`);
    query.addEventListener(
      "change",
      () => {
        watchDensity();
        report();
      },
      { signal: densityListener.signal },
    );
  };
  watchDensity();

  signal.addEventListener(
    "abort",
    () => {
      observer.disconnect();
      densityListener.abort();
    },
    { once: true },
  );
}
