/// <reference lib="dom" />
import { machine, rounded } from "./machine.js";
import { PlayerStage } from "./player/stage.js";

// Minutes of random play, pause, seek, resize and zoom in headless Chromium: what goes wrong, how long the video stalls
// where nobody sought, and how much memory is left over. SIEDD_SECONDS says for how long; ten minutes by default.

const seconds = Number(process.env.SIEDD_SECONDS ?? 600);
if (!(seconds >= 10))
  throw new Error(`SIEDD_SECONDS is "${process.env.SIEDD_SECONDS}"; give seconds from 10`);

const before = machine();
const stage = await PlayerStage.open();
try {
  const { page, context } = await stage.page();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  const session = await context.newCDPSession(page);
  /** Megabytes of JavaScript's heap after a collection. */
  const heap = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    return usedSize / 1e6;
  };
  await page.evaluate(() => {
    const player = document.createElement("siedd-player");
    Object.assign(player, { src: "/video", muted: true, loop: true });
    player.style.width = "320px";
    window.player = player;
    document.body.append(player);
    return player.play();
  });
  await page.waitForTimeout(5000);
  const heapBefore = await heap();
  const seen = await page.evaluate(async (length) => {
    const { player } = window;
    // xorshift (G. Marsaglia, 2003): the same deeds in each run.
    let state = 12345;
    const random = () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 2 ** 32;
    };
    const errors: string[] = [];
    player.addEventListener("error", () => errors.push(player.error?.message ?? "unknown"));
    /** Stalls in milliseconds: those that follow a seek, and those of plain playing. */
    const stalls = { sought: [] as number[], playing: [] as number[] };
    let since = 0;
    let sought = false;
    player.addEventListener("seeking", () => {
      sought = true;
    });
    player.addEventListener("waiting", () => {
      since = performance.now();
    });
    player.addEventListener("playing", () => {
      if (since > 0) stalls[sought ? "sought" : "playing"].push(performance.now() - since);
      [since, sought] = [0, false];
    });
    player.addEventListener("pause", () => {
      since = 0;
    });
    const deeds = {
      play: () => player.play().catch(() => undefined),
      pause: () => player.pause(),
      seek: () => {
        player.currentTime = random() * (player.duration - 1);
      },
      resize: () => {
        player.style.width = `${16 * Math.round(10 + 20 * random())}px`;
      },
      zoom: () => {
        player.zoom = random() < 0.5 ? 1 : 1 + 3 * random();
      },
    };
    const names = Object.keys(deeds) as (keyof typeof deeds)[];
    const counts: Record<string, number> = {};
    const started = performance.now();
    while (performance.now() - started < 1000 * length) {
      const name = names[Math.floor(random() * names.length)] ?? "play";
      counts[name] = (counts[name] ?? 0) + 1;
      deeds[name]();
      await new Promise((resolve) => setTimeout(resolve, 300 + 1700 * random()));
      // Most of the time the video plays.
      if (player.paused && random() < 0.5) await deeds.play();
    }
    player.pause();
    Object.assign(player, { zoom: 1, currentTime: 3 });
    player.style.width = "320px";
    return { errors, stalls, counts, ranges: player.buffered.length };
  }, seconds);
  await page.waitForTimeout(5000);
  const heapAfter = await heap();
  const max = (values: readonly number[]) => rounded(Math.max(0, ...values) / 1000);
  process.stdout.write(
    `${JSON.stringify({
      bench: "player-soak",
      machine: before,
      seconds,
      deeds: seen.counts,
      faults,
      errors: seen.errors,
      longestStallSeconds: max(seen.stalls.playing),
      stalls: seen.stalls.playing.length,
      longestWaitAfterSeekSeconds: max(seen.stalls.sought),
      heapBeforeMB: rounded(heapBefore, 1),
      heapAfterMB: rounded(heapAfter, 1),
      heapDifferenceMB: rounded(heapAfter - heapBefore, 1),
      loadAfter: machine().load,
    })}\n`,
  );
} finally {
  await stage.close();
}
