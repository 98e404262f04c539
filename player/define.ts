import { SieddPlayerElement } from "./element/element.js";

declare global {
  interface HTMLElementTagNameMap {
    "siedd-player": SieddPlayerElement;
  }
}

if (customElements.get("siedd-player") === undefined)
  customElements.define("siedd-player", SieddPlayerElement);

export * from "./index.js";
