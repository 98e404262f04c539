import type { FastifyInstance } from "fastify";
import { TILE_PRESETS, type TilePreset } from "../../encoder/options.js";
import type { PluginContext } from "../context.js";
import { RequestError } from "../errors.js";
import { NO_STORE } from "../http/caching.js";
import type { LibraryEntry } from "../library/library.js";
import { pathParams, queryParam } from "../request/params.js";
import { ENCODE_ROUTE } from "../request/video-router.js";
import type { BackgroundEncoder } from "../scheduling/background-encoder.js";

/** Bytes of a body, which is ignored. */
const MAX_BODY_BYTES = 1024;

type Control = (
  encoder: BackgroundEncoder,
  id: string,
  preset: TilePreset | undefined,
) => void | Promise<void>;

const CONTROLS: ReadonlyMap<string, Control> = new Map<string, Control>([
  ["pause", (encoder, id) => encoder.pause(id)],
  ["resume", (encoder, id) => encoder.resume(id)],
  ["cancel", (encoder, id) => encoder.cancel(id)],
  ["retry", (encoder, id) => encoder.resume(id)],
  ["reencode", (encoder, id, preset) => encoder.reencode(id, preset === undefined ? {} : { preset })],
]);

/** `POST /player/encode/:action/:id`: controls the encode of a video. Responds with the state that follows. */
export function operatorRoutes(app: FastifyInstance, { catalog, encoder }: PluginContext): void {
  app.post(ENCODE_ROUTE, { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    const { action, id } = pathParams<"action" | "id">(request);
    const control = CONTROLS.get(action);
    if (control === undefined) {
      const actions = [...CONTROLS.keys()].join(", ");
      throw new RequestError("not-found", `no encode action "${action.slice(0, 60)}"; use one of ${actions}`);
    }
    const preset = parsePreset(queryParam(request, "preset"));
    const entry = await catalog.find(id);
    assertEncodable(entry, encoder, action);
    await control(encoder, entry.id, preset);
    reply.header("cache-control", NO_STORE);
    return { id: entry.id, backend: entry.backend, encoding: encoder.state(entry.id, entry.backend) };
  });
}

/** @throws RequestError `bad-preset` */
function parsePreset(name: string | undefined): TilePreset | undefined {
  if (name === undefined) return undefined;
  const preset = TILE_PRESETS.find((known) => known === name);
  if (preset !== undefined) return preset;
  throw new RequestError(
    "bad-preset",
    `preset must be one of ${TILE_PRESETS.join(", ")}, got "${name.slice(0, 60)}"`,
  );
}

/** @throws RequestError `cannot-encode` if there is nothing that the action could control */
function assertEncodable(entry: LibraryEntry, encoder: BackgroundEncoder, action: string): void {
  if (!encoder.isEnabled) {
    throw new RequestError("cannot-encode", 'the server encodes no videos; set encode to "idle" or "eager"');
  }
  if (entry.source === undefined || entry.output === undefined) {
    throw new RequestError("cannot-encode", `the source of "${entry.id}" is not in the folder; add it again`);
  }
  if (entry.backend === "asset" && action !== "reencode" && encoder.state(entry.id, "asset") === undefined) {
    throw new RequestError("cannot-encode", `"${entry.id}" is encoded already; use the action reencode`);
  }
}
