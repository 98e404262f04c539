import type { Size } from "../size.js";
import { Decoders } from "./decoders.js";
import type { DirectFilm } from "./film.js";
import { Pace } from "./pace.js";
import { frameAt, groupOfFrame } from "./timeline.js";

/** What decodes a film, and what it has been seen to manage. */
export interface Workshop {
  readonly decoders: Decoders;
  readonly pace: Pace;
}

/** Rejects with PlayerError `not-supported` where no worker starts. */
export async function openWorkshop({ asset, store }: DirectFilm, signal: AbortSignal): Promise<Workshop> {
  const decoders = await Decoders.start(asset, (group) => store.get(group)?.payload, signal);
  return { decoders, pace: new Pace() };
}

/** Pictures decoded for a measurement; the first ones also lay out memory and compile code. */
const PICTURES = 8;
/** Share of its processors that a film may take: the page and the battery want the rest. */
const AFFORDABLE = 0.6;

/**
 * Decodes a few pictures of the size wanted, from a moment on. -> null where this machine would be too busy with the
 * film. Rejects where it cannot be decoded at all.
 */
export async function openIfAffordable(
  film: DirectFilm,
  size: Size,
  seconds: number,
  signal: AbortSignal,
): Promise<Workshop | null> {
  const { asset, store } = film;
  const group = groupOfFrame(asset, frameAt(asset, seconds));
  const [workshop] = await Promise.all([openWorkshop(film, signal), store.fetch(group, group)]);
  const { decoders, pace } = workshop;
  const region = { x: 0, y: 0, width: asset.width, height: asset.height };
  try {
    for (let i = 0; i < PICTURES; i++) {
      const frame = i % asset.groups[group]!.frameCount;
      const decoded = await decoders.decode({ group, frame, request: { region, ...size } });
      signal.throwIfAborted();
      if (i >= PICTURES / 4) pace.add(size.width * size.height, decoded.seconds);
      decoders.recycle(decoded.pixels);
    }
    const { num, den } = asset.frameRate;
    if (pace.load(size, num / den, decoders.count) <= AFFORDABLE) return workshop;
  } catch (error) {
    decoders.destroy();
    throw error;
  }
  decoders.destroy();
  return null;
}
