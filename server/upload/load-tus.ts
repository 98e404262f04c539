import { ServeError } from "../errors.js";

const PACKAGES = ["@tus/server", "@tus/file-store"];

/** What is used of the packages. */
export interface Tus {
  readonly Server: typeof import("@tus/server").Server;
  readonly Metadata: typeof import("@tus/server").Metadata;
  readonly FileStore: typeof import("@tus/file-store").FileStore;
}

/**
 * Loads the packages that implement tus, the protocol of resumable uploads. They are optional peer dependencies.
 *
 * @throws ServeError `bad-option` if one of them is not installed
 */
export async function loadTus(): Promise<Tus> {
  try {
    const [{ Server, Metadata }, { FileStore }] = await Promise.all([
      import("@tus/server"),
      import("@tus/file-store"),
    ]);
    return { Server, Metadata, FileStore };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new ServeError(
      "bad-option",
      `siedd options.upload needs the packages ${PACKAGES.join(" and ")}, which are not installed; run npm install ${PACKAGES.join(" ")}`,
      { cause },
    );
  }
}
