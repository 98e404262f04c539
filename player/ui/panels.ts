import { Storyboard } from "../source/storyboard.js";
import { videoBaseUrl } from "../source/video-url.js";
import { Minimap } from "../zoom/minimap.js";
import type { Captions } from "./captions.js";
import type { ControlContext } from "./control-context.js";
import { type Help, setupHelp } from "./help.js";
import { panelStyles } from "./panel-styles.js";
import type { PictureInPictureControl } from "./picture-in-picture.js";
import type { SegmentEvent } from "./player-host.js";
import { type Preview, setupPreview } from "./preview.js";
import { type Settings, setupSettings } from "./settings.js";
import { type Statistics, setupStatistics } from "./statistics.js";

export interface PanelTargets {
  readonly captions: Captions;
  readonly pictureInPicture: PictureInPictureControl;
  /** The segments that have loaded so far, oldest first. The list grows during playback. */
  readonly segments: readonly SegmentEvent["detail"][];
}

/** Everything that appears only after the viewer has done something. */
export interface Panels {
  readonly settings: Settings;
  readonly statistics: Statistics;
  readonly help: Help;
  readonly minimap: Minimap;
  readonly preview: Preview;
}

/** Sets up the panels, until the signal of the context aborts. */
export function setupPanels(context: ControlContext, targets: PanelTargets): Panels {
  const { host, layout, zoom, signal } = context;
  const root = layout.stage.getRootNode() as ShadowRoot;
  const styles = panelStyles(layout.stage.ownerDocument);
  if (!root.adoptedStyleSheets.includes(styles)) root.adoptedStyleSheets.push(styles);
  const storyboard = new Storyboard(() => {
    const path = host.info?.links.storyboard;
    return path === undefined ? null : new URL(path, videoBaseUrl(host.src)).href;
  }, signal);
  const statistics = setupStatistics(context, targets.segments);
  const minimap = new Minimap(layout, zoom, storyboard, layout.video);
  minimap.connect(signal);
  return {
    statistics,
    minimap,
    settings: setupSettings(context, { ...targets, statistics }),
    help: setupHelp(context),
    preview: setupPreview(context, storyboard),
  };
}
