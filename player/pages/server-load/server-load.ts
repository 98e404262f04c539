import { formatBytes } from "../../../protocol/format-bytes.js";
import type { Stats } from "../../../protocol/stats.js";
import { create } from "../../dom.js";
import type { LoadChart } from "./load-chart.js";

/** Time between two requests of stats.json. */
const POLL_INTERVAL_MS = 1000;
/** Intervals over which rates are averaged: the server counts a segment only when it is done. */
const RATE_WINDOW = 3;

const TIERS: Readonly<Record<string, string>> = {
  memory: "Segments in memory",
  disk: "Segments on disk",
  origin: "Blocks of remote videos",
};

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;

/**
 * Loads the chart. Resolves to null if uPlot fails: on import it reads the language of the browser, which in WebKitGTK can
 * be "C", an invalid language tag.
 */
const openChart = (): Promise<LoadChart | null> =>
  import("./load-chart.js").then(
    ({ LoadChart }) => new LoadChart(byId("chart")),
    () => null,
  );

/** Shows the load of the server while its section is open and visible. Only operators get that section. */
export function showServerLoad(root: URL): void {
  const section = document.getElementById("server") as HTMLDetailsElement | null;
  if (section === null) return;
  const url = new URL("stats.json", root);
  const samples: Stats[] = [];
  let chart: Promise<LoadChart | null> | undefined;
  let timer: number | undefined;

  const update = (now: Stats) => {
    // The server has restarted and counts from 0.
    if ((samples.at(-1)?.seconds ?? 0) > now.seconds) samples.length = 0;
    samples.push(now);
    if (samples.length > RATE_WINDOW + 1) samples.shift();
    const before = samples[0];
    const rate = (now.pixels - before.pixels) / Math.max(1, now.seconds - before.seconds) / 1e6;
    const responses = now.hits + now.computed - before.hits - before.computed;
    const hitRate = responses === 0 ? null : (now.hits - before.hits) / responses;
    byId("rate").textContent = rate >= 100 ? rate.toFixed(0) : rate.toFixed(1);
    const total = now.hits + now.computed;
    byId("cache-hits").textContent = total === 0 ? "–" : `${Math.round((100 * now.hits) / total)}%`;
    byId("queue").textContent = `${now.running} + ${now.waiting}`;
    byId("queue-unit").textContent = `running + waiting, ${now.concurrency} in parallel`;
    showCaches(now);
    chart ??= openChart();
    const seconds = Date.now() / 1000;
    void chart.then((loaded) => loaded?.add(seconds, rate, hitRate));
  };

  const tick = async (): Promise<void> => {
    const started = performance.now();
    try {
      const response = await fetch(url, { cache: "no-store" });
      // The viewer may no longer read them.
      if (response.status >= 400 && response.status < 500) return;
      if (response.ok) update((await response.json()) as Stats);
    } catch {
      // The server may be restarting.
    }
    if (!isShown()) return;
    timer = setTimeout(() => void tick(), Math.max(100, POLL_INTERVAL_MS - (performance.now() - started)));
  };

  const isShown = () => section.open && !document.hidden;
  const restart = () => {
    clearTimeout(timer);
    samples.length = 0;
    if (isShown()) void tick();
  };
  document.addEventListener("visibilitychange", restart);
  section.addEventListener("toggle", restart);
  restart();
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
    const [, label, meter] = list.children[i].children;
    label.textContent = `${formatBytes(bytes)} of ${formatBytes(maxBytes)}`;
    (meter as HTMLMeterElement).max = Math.max(1, maxBytes);
    (meter as HTMLMeterElement).value = bytes;
  }
}
