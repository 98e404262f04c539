import type { Stats } from "../../../protocol/stats.js";
import { create } from "../../dom.js";
import { formatBytes } from "./facts.js";
import type { LoadChart } from "./load-chart.js";

/** Milliseconds between two looks at the server. */
const POLL_INTERVAL_MS = 1000;
/** Looks that a rate is taken over: work is counted when a whole segment is done. */
const RATE_WINDOW = 3;

const TIERS: Readonly<Record<string, string>> = {
  memory: "Segments in memory",
  disk: "Segments on the disk",
  origin: "Blocks of videos from other servers",
};

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

/**
 * null where the library that draws does not run: it reads the browser's language at once, and that of WebKitGTK is no
 * language tag ("C") in an environment without one.
 */
const openChart = (): Promise<LoadChart | null> =>
  import("./load-chart.js").then(
    ({ LoadChart }) => new LoadChart(byId("chart")),
    () => null,
  );

/** Shows how busy the server is, as long as the page is visible and the server tells. */
export function watchServer(root: URL): void {
  const address = new URL("stats.json", root);
  const seen: Stats[] = [];
  let chart: Promise<LoadChart | null> | undefined;
  let timer: number | undefined;

  const show = (now: Stats) => {
    // A server that was started again counts from 0.
    if ((seen.at(-1)?.seconds ?? 0) > now.seconds) seen.length = 0;
    seen.push(now);
    if (seen.length > RATE_WINDOW + 1) seen.shift();
    const before = seen[0];
    const rate = (now.pixels - before.pixels) / Math.max(1, now.seconds - before.seconds) / 1e6;
    const answers = now.hits + now.computed - before.hits - before.computed;
    const share = answers === 0 ? null : (now.hits - before.hits) / answers;
    byId("server").hidden = false;
    byId("rate").textContent = rate >= 100 ? rate.toFixed(0) : rate.toFixed(1);
    const total = now.hits + now.computed;
    byId("hits").textContent = total === 0 ? "–" : `${Math.round((100 * now.hits) / total)} %`;
    byId("queue").textContent = `${now.running} + ${now.waiting}`;
    byId("queue-unit").textContent = `at work and waiting, ${now.concurrency} at a time`;
    showCaches(now);
    chart ??= openChart();
    const seconds = Date.now() / 1000;
    void chart.then((drawn) => drawn?.add(seconds, rate, share));
  };

  const tick = async (): Promise<void> => {
    const started = performance.now();
    try {
      const response = await fetch(address, { cache: "no-store" });
      // A server that keeps its figures to itself.
      if (response.status >= 400 && response.status < 500) return;
      if (response.ok) show((await response.json()) as Stats);
    } catch {
      // It may be starting again.
    }
    if (document.hidden) return;
    timer = setTimeout(() => void tick(), Math.max(100, POLL_INTERVAL_MS - (performance.now() - started)));
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    seen.length = 0;
    if (!document.hidden) void tick();
  });
  if (!document.hidden) void tick();
}

function showCaches({ caches }: Stats): void {
  const list = byId("caches");
  if (list.children.length !== caches.length) {
    list.replaceChildren(
      ...caches.map(({ tier }) => {
        const name = TIERS[tier] ?? tier;
        return create(
          "li",
          {},
          create("span", {}, name),
          create("span", {}),
          create("meter", { "aria-label": name }),
        );
      }),
    );
  }
  for (const [i, { bytes, maxBytes }] of caches.entries()) {
    const [, figure, meter] = list.children[i].children;
    figure.textContent = `${formatBytes(bytes)} of ${formatBytes(maxBytes)}`;
    (meter as HTMLMeterElement).max = Math.max(1, maxBytes);
    (meter as HTMLMeterElement).value = bytes;
  }
}
