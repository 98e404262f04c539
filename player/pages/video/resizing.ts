/** CSS pixels per arrow key. */
const STEP = 48;
/** CSS pixels per arrow key with Shift. */
const FINE_STEP = 2;
const MIN_WIDTH = 96;

export interface Resizing {
  /** Sets the width in CSS pixels; `Infinity` fills the available width. */
  setWidth(pixels: number): void;
}

/** Makes the box resizable by dragging the grip and by arrow keys. */
export function makeResizable(box: HTMLElement, grip: HTMLElement, onResize: () => void): Resizing {
  const availableWidth = () => box.parentElement?.clientWidth ?? window.innerWidth;
  const setWidth = (pixels: number) => {
    box.style.setProperty("--box", `${Math.min(Math.max(pixels, MIN_WIDTH), availableWidth())}px`);
    onResize();
  };

  grip.addEventListener("pointerdown", (down) => {
    if (down.button !== 0) return;
    down.preventDefault();
    grip.focus({ preventScroll: true });
    grip.setPointerCapture(down.pointerId);
    document.body.classList.add("dragging");
    const { width, height } = box.getBoundingClientRect();
    const dragging = new AbortController();
    const { signal } = dragging;
    grip.addEventListener(
      "pointermove",
      (move) => {
        // The box keeps its aspect ratio: the larger relative movement counts.
        const byWidth = (move.clientX - down.clientX) / width;
        const byHeight = (move.clientY - down.clientY) / height;
        const change = Math.abs(byWidth) > Math.abs(byHeight) ? byWidth : byHeight;
        setWidth(width * (1 + change));
      },
      { signal },
    );
    const end = () => {
      dragging.abort();
      document.body.classList.remove("dragging");
    };
    grip.addEventListener("pointerup", end, { signal });
    grip.addEventListener("lostpointercapture", end, { signal });
  });

  grip.addEventListener("keydown", (event) => {
    const direction = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    setWidth(box.offsetWidth + direction * (event.shiftKey ? FINE_STEP : STEP));
  });
  return { setWidth };
}
