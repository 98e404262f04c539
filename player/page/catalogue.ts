/** A film of the catalogue, with absolute addresses. */
export interface Film {
  readonly id: string;
  /** What `<siedd-player src>` takes. */
  readonly src: string;
  readonly poster: string | null;
}

/** Reads the films that the server at `root` (ending in a slash) has. Throws an Error with a sentence to show. */
export async function fetchFilms(root: URL): Promise<readonly Film[]> {
  let response: Response;
  try {
    response = await fetch(root, { headers: { accept: "application/json" } });
  } catch (cause) {
    throw new Error("The server cannot be reached; check that it is running and load this page again.", {
      cause,
    });
  }
  if (!response.ok)
    throw new Error(`The server cannot list its films (status ${response.status}); load this page again.`);
  const { assets } = (await response.json()) as { assets: readonly { id: string; poster?: string }[] };
  return assets.map(({ id, poster }) => ({
    id,
    src: new URL(encodeURIComponent(id), root).href,
    poster: poster === undefined ? null : new URL(poster, root).href,
  }));
}
