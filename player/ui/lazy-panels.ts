import type { ControlContext } from "./control-context.js";
import type { Panels, PanelTargets } from "./panels.js";
import type { SegmentEvent } from "./player-host.js";

/** Loaded segments to keep for the statistics. */
const MAX_SEGMENTS = 500;

type Action = (panels: Panels) => void;

/**
 * Loads the panels on demand: settings, statistics, help, minimap and thumbnail preview. They are not needed before the
 * viewer touches the player, so their code is a separate file. It loads when the pointer or the focus enters the player.
 */
export interface LazyPanels {
  /** Whether a menu or the help is open. */
  readonly open: boolean;
  readonly helpOpen: boolean;
  /** Runs an action of the viewer, as soon as the panels have loaded. Shows a message if they cannot be loaded. */
  use(action: Action): void;
  /** As `use`, for what the viewer did not ask for explicitly: shows no message. */
  enhance(action: Action): void;
}

export function setupLazyPanels(
  context: ControlContext,
  targets: Omit<PanelTargets, "segments">,
): LazyPanels {
  const { host, layout, localizer, signal, on, showToast } = context;
  const { menuPanel, helpPanel, statsPanel, settingsButton, stage } = layout;
  const segments = recordSegments(context);
  let panels: Panels | null = null;
  let loading: Promise<Panels | null> | null = null;

  const load = () => {
    loading ??= import("./panels.js").then(
      ({ setupPanels }) => {
        if (!signal.aborted) panels = setupPanels(context, { ...targets, segments });
        return panels;
      },
      () => {
        // The next action tries again.
        loading = null;
        return null;
      },
    );
    return loading;
  };
  const run = (action: Action, onFailure: () => void) => {
    if (panels !== null) action(panels);
    else
      void load().then((loaded) => {
        if (loaded !== null) action(loaded);
        else if (!signal.aborted) onFailure();
      });
  };
  const use = (action: Action) => run(action, () => showToast(localizer.strings.errorServerUnreachable));

  on(stage, "pointerenter focusin", () => {
    if (host.controls) void load();
  });
  on(settingsButton, "click", () => use(({ settings }) => settings.toggle()));
  // The player was removed with its statistics open, and has been inserted again.
  if (!statsPanel.hidden) void load();
  return {
    get open() {
      return !menuPanel.hidden || !helpPanel.hidden;
    },
    get helpOpen() {
      return !helpPanel.hidden;
    },
    use,
    enhance: (action) => run(action, () => undefined),
  };
}

/** Returns the list of segments that load from now on, for statistics that are opened later. */
function recordSegments({ host, on }: ControlContext): readonly SegmentEvent["detail"][] {
  const segments: SegmentEvent["detail"][] = [];
  on(host, "segment", (event) => {
    segments.push((event as SegmentEvent).detail);
    if (segments.length > MAX_SEGMENTS) segments.shift();
  });
  on(host, "emptied", () => {
    segments.length = 0;
  });
  return segments;
}
