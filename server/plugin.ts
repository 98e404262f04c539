import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import fp from "fastify-plugin";
import { DecodePool } from "../decode-pool/index.js";
import { checkEncoder } from "../media/segments/encoder-check.js";
import { MIN_SIDE, type SizeLimits } from "../protocol/size-limits.js";
import { authorizeRequests } from "./auth/authorize.js";
import { CoalescingCache } from "./cache/coalescing-cache.js";
import { openDiskCache } from "./cache/open-disk-cache.js";
import { Catalog } from "./catalog/catalog.js";
import { logCatalogProblems, watchCatalog } from "./catalog/watch.js";
import { RequestError } from "./errors.js";
import { rejectWriteMethods } from "./http/allowed-methods.js";
import { allowCrossOrigin } from "./http/cors.js";
import { identifyClients } from "./http/request-context.js";
import { ClientDisconnectedError } from "./http/send.js";
import { describeError, sendError } from "./http/send-error.js";
import { openLibraries } from "./library/open-libraries.js";
import { Metrics } from "./monitoring/metrics.js";
import { StatsCollector } from "./monitoring/stats.js";
import type { WorkEvent } from "./monitoring/work-event.js";
import { resolveOptions, type SieddOptions } from "./options.js";
import { ImageService } from "./render/images.js";
import { KeyframeService } from "./render/keyframes.js";
import { SegmentService } from "./render/segments.js";
import { assetRoute } from "./routes/asset-route.js";
import { audioRoutes } from "./routes/audio-routes.js";
import { embedRoutes } from "./routes/embed-routes.js";
import { healthRoutes } from "./routes/health-routes.js";
import { imageRoutes } from "./routes/image-routes.js";
import { metricsRoutes } from "./routes/metrics-route.js";
import { playerRoute } from "./routes/player-route.js";
import { siteRoutes } from "./routes/site-routes.js";
import { textRoutes } from "./routes/text-routes.js";
import { videoRoutes } from "./routes/video-routes.js";
import { Prefetcher } from "./scheduling/prefetcher.js";
import { WorkQueue } from "./scheduling/queue.js";

/** Set where the application is nothing but this plugin: what no route has is the plugin's to answer too. */
export const STANDALONE = Symbol("siedd.alone");

const plugin: FastifyPluginAsync<SieddOptions & { readonly [STANDALONE]?: boolean }> = async (app, given) => {
  const options = resolveOptions(given);
  const tell = (error: unknown) =>
    app.log.warn({ err: error }, "videos of another server may be out of date");
  const sources = await openLibraries(options, tell);
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
  const cache = new CoalescingCache(options.cacheBytes, disk);
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
  const keyframes = new KeyframeService(parts);
  const images = new ImageService(parts);
  const catalog = new Catalog(sources.libraries, {
    ...{ engine: options.engine, videoEncoder: options.videoEncoder },
    salt: `${limits.maxSide} ${limits.maxArea}`,
    maxIdLength: maxParamLength(app),
  });
  app.addHook("preClose", () => queue.close(options.closeSeconds));

  await app.register(fastifyStatic, { serve: false, decorateReply: !app.hasReplyDecorator("sendFile") });
  allowCrossOrigin(app);
  metrics.watch(app);
  rejectWriteMethods(app);
  identifyClients(app, options.clientKey);
  authorizeRequests(app, catalog, limits, options);
  const refuse: typeof sendError = (error, request, reply) => {
    if (!(error instanceof ClientDisconnectedError)) metrics.error(describeError(error).code);
    sendError(error, request, reply);
  };
  app.setErrorHandler(refuse);
  // The application's own handler keeps the paths outside of a prefix.
  if (app.prefix !== "" || given[STANDALONE]) {
    app.setNotFoundHandler((request, reply) => refuse(notFound(), request, reply));
  }
  const server = { catalog, limits, service, keyframes, images, queue, codecs };
  siteRoutes(app, server);
  playerRoute(app);
  embedRoutes(app, server);
  healthRoutes(app, { ...server, ready: options.ready });
  if (options.metrics) metricsRoutes(app, metrics, stats);
  assetRoute(app, server);
  videoRoutes(app, server);
  audioRoutes(app, server);
  textRoutes(app, server);
  imageRoutes(app, server);
  // Not waited for: thousands of videos, or a server afar that does not answer, hold up no start.
  const listed = catalog.list();
  if (options.watch !== false) await watchCatalog(sources.libraries, catalog, listed, app);
  logCatalogProblems(listed, app);
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
