/** Types of `<siedd-player>` in Vue templates: the entry point `siedd/vue`. It has no code. */
import type { HTMLAttributes, PublicProps } from "vue";
import type { SieddPlayerElement } from "../element/element.js";
import type { SieddPlayerEventMap } from "../element/events.js";
import type { TemplateAttributes } from "../element/template-types.js";

/** Handlers in Vue's spelling: `@sizechange` is the prop `onSizechange`. */
type Handlers = {
  [Type in keyof SieddPlayerEventMap as `on${Capitalize<Type>}`]?: (event: SieddPlayerEventMap[Type]) => void;
};

/** `<siedd-player>` as a component of Vue templates. A template ref is the element. */
export type SieddPlayerVue = new () => SieddPlayerElement & {
  /** The attributes and handlers that a template may set. */
  $props: TemplateAttributes &
    Handlers &
    Omit<HTMLAttributes, keyof TemplateAttributes | keyof Handlers> &
    PublicProps;
};

declare module "vue" {
  interface GlobalComponents {
    "siedd-player": SieddPlayerVue;
  }
}
