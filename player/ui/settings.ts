import type { Captions } from "./captions.js";
import type { ControlContext } from "./control-context.js";
import { createMenu, type Menu, type MenuItem, type MenuPage } from "./menu.js";
import type { PictureInPictureControl } from "./picture-in-picture.js";
import {
  audioPage,
  captionsPage,
  heightLabel,
  qualityPage,
  rateLabel,
  type SettingsContext,
  speedPage,
  trackLabel,
} from "./settings-pages.js";
import type { Statistics } from "./statistics.js";

export interface SettingsTargets {
  readonly captions: Captions;
  readonly statistics: Statistics;
  readonly pictureInPicture: PictureInPictureControl;
}

export interface Settings {
  toggle(): void;
}

/** Sets up the settings menu: quality, speed, captions, audio and statistics. */
export function setupSettings(context: ControlContext, targets: SettingsTargets): Settings {
  const { host, layout, localizer, signal, on } = context;
  const { menuPanel, settingsButton, stage } = layout;
  const menu = createMenu(menuPanel, settingsButton, () => localizer.strings.back, signal);
  const showMain = (focusIndex?: number) => menu.show(mainPage(context, menu, targets, showMain), focusIndex);

  // A press outside an open menu only closes it.
  on(stage, "pointerdown", (event) => {
    const path = event.composedPath();
    if (menu.open && !path.includes(menuPanel) && !path.includes(settingsButton)) menu.close();
  });
  on(host, "emptied", () => menu.close());
  localizer.onChange(() => menu.close(), signal);
  return { toggle: () => (menu.open ? menu.close() : showMain()) };
}

/** @param showMain opens this page again, with the focus on the item of that index */
function mainPage(
  context: ControlContext,
  menu: Menu,
  { captions, statistics, pictureInPicture }: SettingsTargets,
  showMain: (focusIndex: number) => void,
): MenuPage {
  const { host, layout, localizer } = context;
  const { strings } = localizer;
  const items: MenuItem[] = [];
  const addPage = (label: string, value: string, build: (settings: SettingsContext) => MenuPage) => {
    const index = items.length;
    const settings = { context, menu, captions, back: () => showMain(index) };
    items.push({ label, value, select: () => menu.show(build(settings)) });
  };
  const addAction = (label: string, run: () => void) =>
    items.push({
      label,
      select() {
        run();
        menu.close();
      },
    });

  addPage(strings.quality, host.quality === "auto" ? strings.auto : heightLabel(host.quality), qualityPage);
  addPage(strings.speed, rateLabel(context, host.playbackRate), speedPage);
  const textTracks = captions.tracks;
  if (textTracks.length > 0) {
    const index = captions.current === null ? -1 : textTracks.indexOf(captions.current);
    addPage(
      strings.captions,
      index < 0 ? strings.off : trackLabel(context, textTracks[index]!, index),
      captionsPage,
    );
  }
  const audioTracks = [...host.audioTracks];
  if (audioTracks.length > 1) {
    const index = Math.max(
      0,
      audioTracks.findIndex(({ enabled }) => enabled),
    );
    addPage(strings.audio, trackLabel(context, audioTracks[index]!, index), audioPage);
  }
  // A narrow player hides the button and offers the menu item instead.
  const { pipButton } = layout;
  if (!pipButton.hidden && getComputedStyle(pipButton).display === "none")
    addAction(pipButton.title, () => pictureInPicture.toggle());
  addAction(`${strings.statistics} · ${statistics.shown ? strings.on : strings.off}`, () =>
    statistics.toggle(),
  );
  return { title: strings.settings, items };
}
