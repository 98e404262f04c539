import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { SieddPlayerElement } from "../element/element.js";
import type { TemplateAttributes, TemplateHandlers } from "../element/template-types.js";
import type { EVENT_PROPS } from "./props.js";

/** Attributes of every element. React dispatches media events to `<video>` only, so their handlers are left out. */
type CommonAttributes = Omit<
  DetailedHTMLProps<HTMLAttributes<SieddPlayerElement>, SieddPlayerElement>,
  keyof TemplateAttributes | keyof typeof EVENT_PROPS
>;

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "siedd-player": CommonAttributes & TemplateAttributes & TemplateHandlers & { class?: string };
    }
  }
}
