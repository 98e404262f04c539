import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import fp from "fastify-plugin";
import { DecodePool } from "../decode-pool/index.js";
import { checkEncoder } from "../media/segments/encoder-check.js";
import { guard } from "./access/access.js";
import { Catalogue } from "./catalogue.js";
import { RequestError } from "./errors.js";
import { ClientGone } from "./http/answer.js";
import { crossOrigin } from "./http/cross-origin.js";
import { answerError, describeError } from "./http/error-answer.js";
import { refuseChanges } from "./http/read-only.js";
import { nameClients } from "./http/request-demand.js";
import { KeyFrameService } from "./key-frame-service.js";
import { Metrics } from "./metrics.js";
import { openDiskCache } from "./open-disk-cache.js";
import { resolveOptions, type SieddOptions } from "./options.js";
import { PictureService } from "./pictures/picture-service.js";
import { assetRoute } from "./routes/asset-route.js";
import { audioRoutes } from "./routes/audio-routes.js";
import { embedRoutes } from "./routes/embed-routes.js";
import { filmRoutes } from "./routes/film-routes.js";
import { healthRoutes } from "./routes/health-routes.js";
import { metricsRoutes } from "./routes/metrics-route.js";
import { pictureRoutes } from "./routes/picture-routes.js";
import { playerRoute } from "./routes/player-route.js";
import { siteRoutes } from "./routes/site-routes.js";
import { textRoutes } from "./routes/text-routes.js";
import { SegmentService } from "./segment-service.js";
import { MIN_SIDE, type SizeLimits } from "./sizes/size.js";
import { openSources } from "./sources/roots.js";
import { StatsCollector } from "./stats.js";
import { reportFilms, watchFilms } from "./watch-films.js";
import type { WorkEvent } from "./work/events.js";
import { Prefetcher } from "./work/prefetcher.js";
import { WorkQueue } from "./work/queue.js";
import { SharedCache } from "./work/shared-cache.js";

/** Set where the application is nothing but this plugin: what no route has is the plugin's to answer too. */
export const ALONE = Symbol("siedd.alone");

const plugin: FastifyPluginAsync<SieddOptions & { readonly [ALONE]?: boolean }> = async (app, given) => {
  const options = resolveOptions(given);
  const tell = (error: unknown) => app.log.warn({ err: error }, "films of another server may be out of date");
  const sources = await openSources(options, tell);
  app.addHook("onClose", async () => {
    await Promise.all(sources.libraries.map((library) => library.close()));
  });
  const pool = new DecodePool({ workers: options.workers });
  app.addHook("onClose", () => pool.close());
  const [codecs] = await Promise.all([checkEncoder(options.videoEncoder), pool.ready]);

  const queue = new WorkQueue(options);
  const limits: SizeLimits = { minSide: MIN_SIDE, maxSide: options.maxSide, maxArea: options.maxArea };
  const disk = await openDiskCache(options, codecs, app);
  app.addHook("onClose", () => disk?.settled());
  const cache = new SharedCache(options.cacheBytes, disk);
  const prefetcher = new Prefetcher(queue);
  const metrics = new Metrics({ queue, cache, disk, prefetcher, sources });
  const stats = new StatsCollector({ queue, cache, disk, sources, options });
  const onWork = (event: WorkEvent) => {
    metrics.work(event);
    stats.work(event);
    options.onWork(event);
  };
  const parts = { pool, queue, cache, onWork, encoder: options.videoEncoder };
  const service = new SegmentService({ ...parts, ...options, onWork, limits, prefetcher });
  const keyFrames = new KeyFrameService(parts);
  const pictures = new PictureService(parts);
  const catalogue = new Catalogue(sources.libraries, {
    ...{ engine: options.engine, videoEncoder: options.videoEncoder },
    salt: `${limits.maxSide} ${limits.maxArea}`,
    maxIdLength: maxParamLength(app),
  });
  app.addHook("preClose", () => queue.close(options.closeSeconds));

  await app.register(fastifyStatic, { serve: false, decorateReply: !app.hasReplyDecorator("sendFile") });
  crossOrigin(app);
  metrics.watch(app);
  refuseChanges(app);
  nameClients(app, options.clientKey);
  guard(app, catalogue, limits, options);
  const refuse: typeof answerError = (error, request, reply) => {
    if (!(error instanceof ClientGone)) metrics.error(describeError(error).code);
    answerError(error, request, reply);
  };
  app.setErrorHandler(refuse);
  // The application's own handler keeps the paths outside of a prefix.
  if (app.prefix !== "" || given[ALONE]) {
    app.setNotFoundHandler((request, reply) => refuse(notFound(), request, reply));
  }
  const server = { catalogue, limits, service, keyFrames, pictures, queue, codecs };
  siteRoutes(app, server);
  playerRoute(app);
  embedRoutes(app, server);
  healthRoutes(app, { ...server, ready: options.ready });
  if (options.metrics) metricsRoutes(app, metrics, stats);
  assetRoute(app, server);
  filmRoutes(app, server);
  audioRoutes(app, server);
  textRoutes(app, server);
  pictureRoutes(app, server);
  // Not waited for: thousands of films, or a server afar that does not answer, hold up no start.
  const listed = catalogue.list();
  if (options.watch !== false) await watchFilms(sources.libraries, catalogue, listed, app);
  reportFilms(listed, app);
};

/** The answer for a path that is none. */
export const notFound = (): RequestError => new RequestError("not-found", "there is nothing at this path");

function maxParamLength(app: FastifyInstance): number {
  return app.initialConfig.routerOptions?.maxParamLength ?? app.initialConfig.maxParamLength ?? 100;
}

/** Serves the `.siedd` files of a folder at any size, under a prefix of one's own; may be registered twice. */
export const siedd: FastifyPluginAsync<SieddOptions> = fp(plugin, {
  fastify: "5.x",
  name: "siedd",
  encapsulate: true,
});
