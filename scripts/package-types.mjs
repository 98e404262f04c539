// Compiles projects that use the types of the packed package, with skipLibCheck off: the types must not need packages
// that npm does not install with it.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./ensure.mjs";

/** Projects that use the types: the program, and the environment that it needs. */
const PROJECTS = {
  server: {
    program: `
      import fastify from "fastify";
      import siedd, { serve } from "siedd";
      import { openAsset } from "siedd/codec";
      import { encode } from "siedd/encoder";
      await fastify().register(siedd, { root: "videos" });
      export { encode, openAsset, serve };`,
    options: { module: "nodenext", lib: ["ES2023"], types: ["node"] },
  },
  page: {
    program: `
      import "siedd/player/define";
      import { addTranslation } from "siedd/player";
      addTranslation("it", { play: "Riproduci" });
      document.querySelector("siedd-player")?.addEventListener("sizechange", ({ detail }) => detail.width);`,
    options: {
      module: "esnext",
      moduleResolution: "bundler",
      lib: ["ES2022", "DOM", "DOM.Iterable"],
      types: [],
    },
  },
};

export function checkTypes(project, capture) {
  for (const [name, { program, options }] of Object.entries(PROJECTS)) {
    writeFileSync(join(project, `${name}.ts`), program);
    const compilerOptions = {
      target: "es2022",
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      typeRoots: [join(root, "node_modules/@types")],
      ...options,
    };
    writeFileSync(join(project, `${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    capture(process.execPath, [tsc, "-p", `${name}.json`], project);
  }
}
