// Compiles projects that use the types of the packed package, with skipLibCheck off: the types must not need packages
// that npm does not install with it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./ensure.mjs";

const PAGE_OPTIONS = {
  module: "esnext",
  moduleResolution: "bundler",
  lib: ["ES2022", "DOM", "DOM.Iterable"],
  types: [],
};

/** Projects that use the types: the file with the program, and the environment that it needs. */
const PROJECTS = {
  "server.ts": {
    program: `
      import fastify from "fastify";
      import siedd, { serve } from "siedd";
      import { openAsset } from "siedd/codec";
      import { encode } from "siedd/encoder";
      await fastify().register(siedd, { root: "videos" });
      export { encode, openAsset, serve };`,
    options: { module: "nodenext", lib: ["ES2023"], types: ["node"] },
  },
  "page.ts": {
    program: `
      import "siedd/player/define";
      import { addTranslation } from "siedd/player";
      addTranslation("it", { play: "Riproduci" });
      document.querySelector("siedd-player")?.addEventListener("sizechange", ({ detail }) => detail.width);`,
    options: PAGE_OPTIONS,
  },
  "react.tsx": {
    modules: ["react", "@types/react"],
    program: `
      import { useRef } from "react";
      import { SieddPlayer, type SieddPlayerElement } from "siedd/react";
      export function Video() {
        const player = useRef<SieddPlayerElement>(null);
        return <>
          <SieddPlayer ref={player} src="movie" muted onTimeUpdate={() => player.current?.currentTime} />
          <siedd-player ref={player} src="movie" onsizechange={({ detail }) => detail.width} />
        </>;
      }`,
    options: { ...PAGE_OPTIONS, jsx: "react-jsx" },
  },
  "vue.ts": {
    modules: ["vue"],
    program: `
      import type {} from "siedd/vue";
      import type { GlobalComponents } from "vue";
      type Props = InstanceType<GlobalComponents["siedd-player"]>["$props"];
      export const props: Props = { src: "movie", onSizechange: ({ detail }) => detail.width };`,
    options: PAGE_OPTIONS,
  },
};

/** Compiles all projects in a folder with the installed package. `link` installs another package in it. */
export function checkTypes(project, { capture, link }) {
  for (const [file, { program, options, modules = [] }] of Object.entries(PROJECTS)) {
    for (const name of modules) link(project, name);
    writeFileSync(join(project, file), program);
    const compilerOptions = {
      target: "es2022",
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      typeRoots: [join(root, "node_modules/@types")],
      ...options,
    };
    writeFileSync(join(project, `${file}.json`), JSON.stringify({ compilerOptions, files: [file] }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    capture(process.execPath, [tsc, "-p", `${file}.json`], project);
  }
}
