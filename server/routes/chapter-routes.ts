import type { FastifyInstance } from "fastify";
import { writeWebVtt } from "../../codec/iso/write-webvtt.js";
import type { PluginContext } from "../context.js";
import { appleChapters, chapterCues } from "../hls/chapters.js";
import { getAndHead } from "./get-and-head.js";
import { openCurrentVideo } from "./requested-video.js";
import { sendKeyed } from "./send-content.js";

/** Chapters as WebVTT, for `<track kind="chapters">`, and in the JSON format of HLS players. Both may be empty. */
export function chapterRoutes(app: FastifyInstance, { catalog }: PluginContext): void {
  getAndHead(app, "/:id/chapters.vtt", async (request, reply) => {
    const { id, version, video } = await openCurrentVideo(request, catalog);
    return sendKeyed(request, reply, {
      type: "text/vtt; charset=utf-8",
      key: `${id} ${version} chapters.vtt`,
      version,
      body: () => writeWebVtt(chapterCues(video)),
    });
  });

  getAndHead(app, "/:id/chapters.json", async (request, reply) => {
    const { id, version, video } = await openCurrentVideo(request, catalog);
    return sendKeyed(request, reply, {
      type: "application/json; charset=utf-8",
      key: `${id} ${version} chapters.json`,
      version,
      body: () => JSON.stringify(appleChapters(video)),
    });
  });
}
