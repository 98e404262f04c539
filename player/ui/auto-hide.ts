import type { ControlContext } from "./control-context.js";

/** Time without pointer or keyboard activity after which the controls of a playing video fade out. */
const IDLE_DELAY_MS = 2400;

export interface AutoHide {
  readonly hidden: boolean;
  /** Shows the controls and restarts the idle timer. */
  show(): void;
  hide(): void;
}

/**
 * Hides the controls of a playing video while the viewer is idle.
 *
 * @param isBusy returns true while the controls must stay, such as with an open menu
 */
export function setupAutoHide({ host, layout, signal, on }: ControlContext, isBusy: () => boolean): AutoHide {
  const { stage, controls } = layout;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pointerType = "mouse";

  const onIdle = () => {
    if (!host.paused && !isBusy() && controls.querySelector(":focus-visible") === null)
      stage.dataset.idle = "";
  };
  const show = () => {
    clearTimeout(timer);
    delete stage.dataset.idle;
    timer = setTimeout(onIdle, IDLE_DELAY_MS);
  };

  on(stage, "pointerdown", (event) => {
    pointerType = (event as PointerEvent).pointerType;
    if (pointerType !== "touch") show();
  });
  on(stage, "pointermove", () => pointerType !== "touch" && show());
  on(stage, "keydown", show);
  // A tap moves the focus before it clicks. Showing the controls for that focus would let the click hide them again.
  on(stage, "focusin", (event) => (event.target as Element).matches(":focus-visible") && show());
  on(controls, "click input", show);
  on(host, "play pause", show);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return {
    get hidden() {
      return stage.dataset.idle !== undefined;
    },
    show,
    hide() {
      clearTimeout(timer);
      stage.dataset.idle = "";
    },
  };
}
