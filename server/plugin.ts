import { join } from "node:path";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import fp from "fastify-plugin";
import { DecodePool } from "../decode-pool/index.js";
import { checkEncoder } from "../media/segments/encoder-check.js";
import type { VideoCodec } from "../media/segments/video-codec.js";
import { MIN_OUTPUT_SIDE, type SizeLimits } from "../protocol/size-limits.js";
import { authorizeRequests } from "./auth/authorize.js";
import { Permissions } from "./auth/permissions.js";
import { CoalescingCache } from "./cache/coalescing-cache.js";
import type { DiskCache } from "./cache/disk-cache.js";
import { openDiskCache } from "./cache/open-disk-cache.js";
import { Catalog } from "./catalog/catalog.js";
import { logCatalog, watchCatalog } from "./catalog/watch.js";
import type { PluginContext } from "./context.js";
import { notFound } from "./errors.js";
import { rejectWriteMethods } from "./http/allowed-methods.js";
import { allowCrossOrigin } from "./http/cors.js";
import { discardUnsentBodies } from "./http/discard-bodies.js";
import { identifyClients } from "./http/request-context.js";
import { ClientDisconnectedError } from "./http/send.js";
import { describeError, sendError } from "./http/send-error.js";
import { openLibraries } from "./library/open-libraries.js";
import { Metrics } from "./monitoring/metrics.js";
import { StatsCollector } from "./monitoring/stats.js";
import { WatchCounts } from "./monitoring/watch-counts.js";
import type { WorkEvent } from "./monitoring/work-event.js";
import type { SieddOptions } from "./options.js";
import { maxCostOf } from "./render/cost.js";
import { IMAGE_SETTINGS } from "./render/encode-image.js";
import { ImageService } from "./render/images.js";
import { KeyframeService } from "./render/keyframes.js";
import { Renderer } from "./render/renderer.js";
import { SegmentService } from "./render/segments.js";
import { dispatchVideoRoutes, maxParamLength } from "./request/video-router.js";
import { PublicUrl } from "./request/video-url.js";
import { type ResolvedOptions, resolveOptions } from "./resolve-options.js";
import { assetRoute } from "./routes/asset-route.js";
import { audioRoutes } from "./routes/audio-routes.js";
import { catalogRoute } from "./routes/catalog-route.js";
import { chapterRoutes } from "./routes/chapter-routes.js";
import { embedRoutes } from "./routes/embed-routes.js";
import { imageRoutes } from "./routes/image-routes.js";
import { infoRoute } from "./routes/info-route.js";
import { manifestRoutes } from "./routes/manifest-routes.js";
import { healthRoutes, metricsRoutes } from "./routes/monitoring-routes.js";
import { operatorRoutes } from "./routes/operator-routes.js";
import { playerRoute } from "./routes/player-route.js";
import { playlistRoutes } from "./routes/playlist-routes.js";
import { segmentRoutes } from "./routes/segment-routes.js";
import { textRoutes } from "./routes/text-routes.js";
import { uploadRoutes } from "./routes/upload-routes.js";
import { Prefetcher } from "./scheduling/prefetcher.js";
import { WorkQueue } from "./scheduling/queue.js";
import { createBackgroundEncoder } from "./scheduling/start-encoding.js";
import { openUploads } from "./upload/open-uploads.js";
import { SourceAudio } from "./video/source-audio.js";
import { SourceReaders } from "./video/source-readers.js";
import { SourceText } from "./video/source-text.js";
import { sourceVideo } from "./video/source-video.js";

/** Marks an application that consists of this plugin only, which then handles paths without a route too. */
export const STANDALONE = Symbol("siedd.standalone");

type PluginOptions = SieddOptions & { readonly [STANDALONE]?: boolean };

const plugin: FastifyPluginAsync<PluginOptions> = async (app, pluginOptions) => {
  const options = resolveOptions(pluginOptions);
  const onOriginError = (error: unknown) =>
    app.log.warn({ err: error }, "cannot refresh the videos of another server; they may be outdated");
  const { libraries, origins, state, blocks } = await openLibraries(options, onOriginError);
  app.addHook("onClose", async () => {
    await Promise.all(libraries.map((library) => library.close()));
  });
  const pool = new DecodePool({ workers: options.workers });
  app.addHook("onClose", () => pool.close());
  const readers = new SourceReaders(options.concurrency);
  app.addHook("onClose", () => readers.close());
  const [codecs] = await Promise.all([checkEncoder(options.videoEncoder), pool.ready]);
  const disk = await setUpDiskCache(options, codecs, app);

  const queue = new WorkQueue(options);
  app.addHook("preClose", () => queue.close(options.closeSeconds));
  const cache = new CoalescingCache(options.cacheBytes, disk);
  const prefetcher = new Prefetcher(queue);
  const metrics = new Metrics({ queue, cache, disk, prefetcher, origins, blocks });
  const stats = new StatsCollector({ queue, cache, disk, origins, blocks, options });
  const onWork = (event: WorkEvent) => {
    metrics.recordWork(event);
    stats.recordWork(event);
    options.onWork(event);
  };

  const limits: SizeLimits = { minSide: MIN_OUTPUT_SIDE, maxSide: options.maxSide, maxArea: options.maxArea };
  const { videoEncoder: encoder, prefetch, maxWork } = options;
  const publicUrl = new PublicUrl(options.publicUrl, app.prefix);
  const renderer = new Renderer({ cache, queue, onWork, maxCost: maxCostOf(maxWork) });
  const streams = {
    readers,
    audio: new SourceAudio({ cache, queue }),
    text: new SourceText(state === undefined ? undefined : join(state, "text")),
  };
  const catalog = new Catalog(libraries, {
    engine: options.engine,
    pool,
    openSource: (source) => sourceVideo(source, streams),
    videoEncoder: encoder,
    imageSettings: IMAGE_SETTINGS,
    salt: `${limits.maxSide} ${limits.maxArea}`,
    maxIdLength: maxParamLength(app),
  });
  const counts = new WatchCounts(state === undefined ? undefined : join(state, "watched.json"));
  app.addHook("onClose", () => counts.flush());
  const backgroundEncoder = createBackgroundEncoder(app, { catalog, queue, counts, options, state });
  const permissions = new Permissions(options.authorize, options.publicUrl);
  const context: PluginContext = {
    catalog,
    permissions,
    limits,
    segments: new SegmentService({
      renderer,
      cache,
      prefetcher,
      encoder,
      limits,
      prefetch,
      maxWork,
    }),
    keyframes: new KeyframeService({ renderer, encoder }),
    images: new ImageService({ renderer }),
    queue,
    publicUrl,
    encoder: backgroundEncoder,
    counts,
    uploads: await openUploads(app, options, state, catalog),
    hasMetrics: options.metrics !== false,
    codecs,
  };

  dispatchVideoRoutes(app, (_request, reply) => {
    if (ownsUnknownPaths(app, pluginOptions)) throw notFound();
    return reply.callNotFound();
  });
  allowCrossOrigin(app);
  metrics.attach(app);
  rejectWriteMethods(app);
  discardUnsentBodies(app);
  identifyClients(app, options.clientKey);
  const hasPublicMetrics = options.metrics === "public";
  authorizeRequests(app, catalog, limits, { ...options, permissions, publicUrl, hasPublicMetrics });
  handleErrors(app, metrics, pluginOptions);
  healthRoutes(app, { catalog, queue, ready: options.ready });
  if (options.metrics !== false) metricsRoutes(app, metrics, stats);
  contentRoutes(app, context);

  // Not awaited: a large catalog or an unresponsive origin must not delay startup.
  const listing = catalog.list();
  const onChange = () => backgroundEncoder.notify();
  if (options.watch !== false) await watchCatalog({ libraries, catalog, listed: listing, onChange }, app);
  logCatalog(listing, app);
  app.addHook("onListen", async () => backgroundEncoder.start());
};

async function setUpDiskCache(
  { cacheDir, cacheDirBytes, videoEncoder }: ResolvedOptions,
  codecs: ReadonlySet<VideoCodec>,
  app: FastifyInstance,
): Promise<DiskCache | undefined> {
  if (cacheDir === undefined) return undefined;
  const disk = await openDiskCache({
    folder: cacheDir,
    maxBytes: cacheDirBytes,
    encoder: videoEncoder,
    codecs,
    log: app.log,
  });
  app.addHook("onClose", () => disk.flush());
  return disk;
}

/** Whether paths without a route belong to the plugin. Without a prefix, they belong to the application. */
const ownsUnknownPaths = (app: FastifyInstance, options: PluginOptions): boolean =>
  app.prefix !== "" || options[STANDALONE] === true;

function handleErrors(app: FastifyInstance, metrics: Metrics, options: PluginOptions): void {
  const onError: typeof sendError = (error, request, reply) => {
    if (!(error instanceof ClientDisconnectedError)) metrics.recordError(describeError(error).code);
    sendError(error, request, reply);
  };
  app.setErrorHandler(onError);
  if (ownsUnknownPaths(app, options)) {
    app.setNotFoundHandler((request, reply) => onError(notFound(), request, reply));
  }
}

function contentRoutes(app: FastifyInstance, context: PluginContext): void {
  playerRoute(app);
  for (const register of [
    catalogRoute,
    embedRoutes,
    operatorRoutes,
    uploadRoutes,
    assetRoute,
    infoRoute,
    playlistRoutes,
    manifestRoutes,
    segmentRoutes,
    audioRoutes,
    textRoutes,
    chapterRoutes,
    imageRoutes,
  ]) {
    register(app, context);
  }
}

/**
 * Serves `.siedd` assets at any size. Fastify's `prefix` sets the path. It may be registered several times.
 *
 * Rejects with ServeError `bad-option`, or MediaError `ffmpeg-missing` or `encoder-unavailable`.
 */
export const siedd: FastifyPluginAsync<SieddOptions> = fp(plugin, {
  fastify: "5.x",
  name: "siedd",
  encapsulate: true,
});
