import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import fp from "fastify-plugin";
import { DecodePool } from "../decode-pool/index.js";
import { checkEncoder } from "../media/segments/encoder-check.js";
import { guard } from "./auth/authorize.js";
import { SharedCache } from "./cache/coalescing-cache.js";
import { openDiskCache } from "./cache/open-disk-cache.js";
import { Catalogue } from "./catalog/catalog.js";
import { reportFilms, watchFilms } from "./catalog/watch.js";
import { RequestError } from "./errors.js";
import { refuseChanges } from "./http/allowed-methods.js";
import { crossOrigin } from "./http/cors.js";
import { nameClients } from "./http/request-context.js";
import { ClientGone } from "./http/send.js";
import { answerError, describeError } from "./http/send-error.js";
import { openSources } from "./library/open-libraries.js";
import { Metrics } from "./monitoring/metrics.js";
import { StatsCollector } from "./monitoring/stats.js";
import type { WorkEvent } from "./monitoring/work-event.js";
import { resolveOptions, type SieddOptions } from "./options.js";
import { PictureService } from "./render/images.js";
import { KeyFrameService } from "./render/keyframes.js";
import { SegmentService } from "./render/segments.js";
import { MIN_SIDE, type SizeLimits } from "./request/size.js";
import { assetRoute } from "./routes/asset-route.js";
import { audioRoutes } from "./routes/audio-routes.js";
import { embedRoutes } from "./routes/embed-routes.js";
import { healthRoutes } from "./routes/health-routes.js";
import { pictureRoutes } from "./routes/image-routes.js";
import { metricsRoutes } from "./routes/metrics-route.js";
import { playerRoute } from "./routes/player-route.js";
import { siteRoutes } from "./routes/site-routes.js";
import { textRoutes } from "./routes/text-routes.js";
import { filmRoutes } from "./routes/video-routes.js";
import { Prefetcher } from "./scheduling/prefetcher.js";
import { WorkQueue } from "./scheduling/queue.js";

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
