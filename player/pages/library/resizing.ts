/** CSS pixels that an arrow key resizes by; with Shift the smaller one. */
const STEP = 48;
const FINE_STEP = 2;
const MIN_WIDTH = 96;

export interface Resizing {
  /** Sets the width in CSS pixels; `Infinity` fills the width there is. */
  setWidth(pixels: number): void;
}

/** Lets the grip resize the box by pointer and by arrow keys. Tells whenever a hand has moved it. */
export function makeResizable(box: HTMLElement, grip: HTMLElement, onResize: () => void): Resizing {
  const room = () => box.parentElement?.clientWidth ?? window.innerWidth;
  const setWidth = (pixels: number) => {
    box.style.setProperty("--box", `${Math.min(Math.max(pixels, MIN_WIDTH), room())}px`);
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
        // The corner follows the hand along the diagonal, whichever way it went further.
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
