import { SieddPlayerElement } from "./element/element.js";

declare global {
  interface HTMLElementTagNameMap {
    "siedd-player": SieddPlayerElement;
  }
}

// Server rendering imports this module without a DOM.
if (globalThis.customElements?.get("siedd-player") === undefined)
  globalThis.customElements?.define("siedd-player", SieddPlayerElement);

export * from "./index.js";
