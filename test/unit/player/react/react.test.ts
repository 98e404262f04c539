import assert from "node:assert/strict";
import { test } from "node:test";
import { createElement, type JSX } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import type { GlobalComponents } from "vue";
import { MEDIA_EVENTS } from "../../../../player/element/media-element.js";
import { ATTRIBUTES, EVENTS } from "../../../../player/element/reference.js";
import { SieddPlayer } from "../../../../player/react/index.js";
import { ATTRIBUTE_PROPS, EVENT_PROPS } from "../../../../player/react/props.js";
import type {} from "../../../../player/vue/index.js";

test("the React component renders the tag with its attributes on a server", () => {
  const track = createElement("track", { src: "en.vtt", kind: "captions", srcLang: "en" });
  const markup = renderToStaticMarkup(
    createElement(
      SieddPlayer,
      {
        src: '/videos/a "b"',
        videoTitle: "Movie",
        maxWidth: 1280,
        autoPlay: true,
        muted: true,
        loop: false,
        preload: undefined,
        className: "wide",
        style: { width: "60vw" },
        "aria-label": "Movie",
        onTimeUpdate: () => {},
        onSizeChange: () => {},
      },
      track,
    ),
  );
  assert.equal(
    markup,
    '<siedd-player class="wide" style="width:60vw" aria-label="Movie" src="/videos/a &quot;b&quot;" video-title="Movie" max-width="1280" autoplay="" muted=""><track src="en.vtt" kind="captions" srcLang="en"/></siedd-player>',
  );
});

test("the React component has a prop for every attribute and event of the element", () => {
  assert.deepEqual(Object.values<string>(ATTRIBUTE_PROPS).sort(), Object.keys(ATTRIBUTES).sort());
  // Safari's own events, and one of encrypted media, are left out.
  const mediaEvents = MEDIA_EVENTS.filter((type) => !/^webkit|^waitingforkey$/.test(type));
  assert.deepEqual(
    Object.values<string>(EVENT_PROPS).sort(),
    [...mediaEvents, ...Object.keys(EVENTS), "error"].sort(),
  );
  for (const [prop, type] of Object.entries(EVENT_PROPS)) assert.equal(prop.toLowerCase(), `on${type}`);
});

test("templates of React and Vue check attributes and events", () => {
  type Tag = JSX.IntrinsicElements["siedd-player"];
  type VueProps = InstanceType<GlobalComponents["siedd-player"]>["$props"];
  const tag: Tag = {
    src: "movie",
    mode: "auto",
    "max-width": 640,
    muted: true,
    class: "wide",
    onsizechange: ({ detail }) => detail.width,
    ontimeupdate: (event) => event.type,
  };
  const template: VueProps = {
    src: "movie",
    muted: "",
    class: ["wide"],
    key: 1,
    onSizechange: ({ detail }) => detail.width,
    onTimeupdate: (event) => event.type,
  };
  // The compiler rejects these.
  const faulty = [
    // @ts-expect-error unknown mode
    { mode: "servr" } satisfies Tag,
    // @ts-expect-error React dispatches media events to <video> only
    { onTimeUpdate: () => {} } satisfies Tag,
    // @ts-expect-error unknown attribute
    { source: "movie" } satisfies VueProps,
    // @ts-expect-error the detail of sizechange has no such property
    { onSizechange: ({ detail }) => detail.pixels } satisfies VueProps,
  ];
  assert.equal(faulty.length, 4);
  assert.ok(tag.src === template.src);
});
