import { OBJECT_FITS, type ObjectFit, type Size } from "../geometry/size.js";
import type { PlayerMode } from "../session/open-video.js";
import { parseCap, parseMode, parseQuality, parseSource } from "./attributes.js";
import { MediaElement } from "./media-element.js";

/** A media element with the attributes that select the video and the size to request. */
export abstract class PlayerOptionsElement extends MediaElement {
  #maxSize: Size = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };
  #mode: PlayerMode = "server";
  #quality: number | "auto" = "auto";

  /** URL of the video: the folder of its info.json, or a `.siedd` file. */
  get src(): string {
    return parseSource(this.getAttribute("src"), document.baseURI) ?? "";
  }
  set src(url: string) {
    this.setAttribute("src", url);
  }
  /** Where the video is decoded. */
  get mode(): PlayerMode {
    return this.#mode;
  }
  set mode(mode: PlayerMode) {
    this.setAttribute("mode", mode);
  }
  /** Largest width to request, in output pixels; `Infinity` is no cap. */
  get maxWidth(): number {
    return this.#maxSize.width;
  }
  set maxWidth(pixels: number) {
    this.#setMaxSide("max-width", pixels);
  }
  /** Largest height to request, in output pixels; `Infinity` is no cap. */
  get maxHeight(): number {
    return this.#maxSize.height;
  }
  set maxHeight(pixels: number) {
    this.#setMaxSide("max-height", pixels);
  }
  protected get maxSize(): Size {
    return this.#maxSize;
  }
  /** Height to request in output pixels, regardless of the size on screen; `auto` follows the size on screen. */
  get quality(): number | "auto" {
    return this.#quality;
  }
  set quality(quality: number | "auto") {
    if (quality === "auto") this.removeAttribute("quality");
    else this.setAttribute("quality", String(quality));
  }
  /** Whether the controls are shown. They are always hidden in the slot `media` of another player. */
  get controls(): boolean {
    return !this.hasAttribute("nocontrols") && this.slot !== "media";
  }
  set controls(shown: boolean) {
    this.toggleAttribute("nocontrols", !shown);
  }

  protected parseModeAttribute(value: string | null): void {
    this.#mode = parseMode(value);
  }

  protected parseMaxSide(name: "max-width" | "max-height", value: string | null): void {
    const pixels = parseCap(name, value);
    this.#maxSize = { ...this.#maxSize, [name === "max-width" ? "width" : "height"]: pixels };
  }

  protected parseQualityAttribute(value: string | null): void {
    this.#quality = parseQuality(value);
    for (const rendition of this.videoRenditions) rendition.selected = rendition.height === this.#quality;
  }

  #setMaxSide(attribute: "max-width" | "max-height", pixels: number): void {
    if (Number.isFinite(pixels)) this.setAttribute(attribute, String(pixels));
    else this.removeAttribute(attribute);
  }
}

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
