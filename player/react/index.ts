"use client";
/** The player as a React component: the entry point `siedd/react`. */
import {
  createElement,
  type ForwardRefExoticComponent,
  forwardRef,
  type RefAttributes,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import type { SieddPlayerElement } from "../define.js";
import "../define.js";
import "./jsx.js";
import {
  ATTRIBUTE_PROPS,
  type AttributeValue,
  EVENT_PROPS,
  type SieddPlayerProps,
  splitProps,
} from "./props.js";

export type { SieddPlayerElement } from "../define.js";
export type { SieddPlayerProps } from "./props.js";

/** Runs before the browser paints, so that no event is missed. React 18 warns about layout effects on a server. */
const useClientEffect = typeof document === "undefined" ? useEffect : useLayoutEffect;

const ATTRIBUTE_NAMES = Object.values(ATTRIBUTE_PROPS);
const EVENT_TYPES = Object.values(EVENT_PROPS);

/**
 * Renders `<siedd-player>` and registers the tag. `ref` receives the element. On a server it renders the tag with its
 * attributes; the player starts when the page is hydrated.
 */
export const SieddPlayer: ForwardRefExoticComponent<SieddPlayerProps & RefAttributes<SieddPlayerElement>> =
  forwardRef<SieddPlayerElement, SieddPlayerProps>(function SieddPlayer(props, ref) {
    const { attributes, handlers, rest } = splitProps(props);
    const element = useRef<SieddPlayerElement>(null);
    useImperativeHandle(ref, () => element.current as SieddPlayerElement, []);
    useHandlers(element, handlers);
    useAttributes(element, attributes);
    // React renders the first attributes only, for the server. Later it would assign undefined to the element's
    // properties instead of removing attributes.
    const [initial] = useState(attributes);
    return createElement("siedd-player", {
      ...rest,
      ...initial,
      ref: element,
      suppressHydrationWarning: true,
    });
  });

type ElementRef = { readonly current: SieddPlayerElement | null };

/** Calls the handlers of the latest rendering. */
function useHandlers(element: ElementRef, handlers: Readonly<Record<string, unknown>>): void {
  const latest = useRef(handlers);
  useClientEffect(() => {
    latest.current = handlers;
  });
  useClientEffect(() => {
    const listening = new AbortController();
    const call = (event: Event) => {
      const handler = latest.current[event.type];
      if (typeof handler === "function") handler(event);
    };
    for (const type of EVENT_TYPES)
      (element.current as HTMLElement).addEventListener(type, call, { signal: listening.signal });
    return () => listening.abort();
  }, [element]);
}

/** Sets the attributes that have changed, and removes those that are no longer set. */
function useAttributes(element: ElementRef, attributes: Readonly<Record<string, AttributeValue>>): void {
  const { muted = false } = attributes;
  useClientEffect(() => {
    for (const name of ATTRIBUTE_NAMES) {
      const value = attributes[name];
      const text = value === undefined ? null : value === true ? "" : String(value);
      if (element.current?.getAttribute(name) === text) continue;
      if (text === null) element.current?.removeAttribute(name);
      else element.current?.setAttribute(name, text);
    }
  });
  const mutedBefore = useRef(muted);
  useClientEffect(() => {
    // As on <video> in React, the prop is the current state, which the attribute does not change.
    if (mutedBefore.current !== muted && element.current !== null) element.current.muted = muted !== false;
    mutedBefore.current = muted;
  }, [element, muted]);
}
