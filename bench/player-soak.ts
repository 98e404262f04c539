/// <reference lib="dom" />
import { machine, rounded } from "./machine.js";
import { PlayerStage } from "./player/stage.js";

// Soak test in headless Chromium: random play, pause, seek, resize and zoom. Reports errors, stalls without a seek, and
// heap growth. SIEDD_SECONDS sets the duration, ten minutes by default.

const seconds = Number(process.env.SIEDD_SECONDS ?? 600);
if (!(seconds >= 10))
  throw new Error(`SIEDD_SECONDS must be at least 10, got "${process.env.SIEDD_SECONDS}"`);

const before = machine();
const stage = await PlayerStage.open();
try {
  const { page, context } = await stage.openPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  const session = await context.newCDPSession(page);
  /** Size of the JavaScript heap after garbage collection, MB. */
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
  const result = await page.evaluate(async (length) => {
    const { player } = window;
    // xorshift (G. Marsaglia, 2003): the same actions in each run.
    let state = 12345;
    const random = () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) / 2 ** 32;
    };
    const errors: string[] = [];
    player.addEventListener("error", () => errors.push(player.error?.message ?? "unknown"));
    /** Stalls in milliseconds, after a seek and during playback. */
    const stalls = { seeking: [] as number[], playing: [] as number[] };
    let stalledAt = 0;
    let isSeeking = false;
    player.addEventListener("seeking", () => {
      isSeeking = true;
    });
    player.addEventListener("waiting", () => {
      stalledAt = performance.now();
    });
    player.addEventListener("playing", () => {
      if (stalledAt > 0) stalls[isSeeking ? "seeking" : "playing"].push(performance.now() - stalledAt);
      [stalledAt, isSeeking] = [0, false];
    });
    player.addEventListener("pause", () => {
      stalledAt = 0;
    });
    const actions = {
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
    const names = Object.keys(actions) as (keyof typeof actions)[];
    const counts: Record<string, number> = {};
    const started = performance.now();
    while (performance.now() - started < 1000 * length) {
      const name = names[Math.floor(random() * names.length)] ?? "play";
      counts[name] = (counts[name] ?? 0) + 1;
      actions[name]();
      await new Promise((resolve) => setTimeout(resolve, 300 + 1700 * random()));
      // The video plays most of the time.
      if (player.paused && random() < 0.5) await actions.play();
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
      actions: result.counts,
      faults,
      errors: result.errors,
      longestStallSeconds: max(result.stalls.playing),
      stalls: result.stalls.playing.length,
      longestWaitAfterSeekSeconds: max(result.stalls.seeking),
      heapBeforeMB: rounded(heapBefore, 1),
      heapAfterMB: rounded(heapAfter, 1),
      heapDifferenceMB: rounded(heapAfter - heapBefore, 1),
      loadAfter: machine().load,
    })}\n`,
  );
} finally {
  await stage.close();
}
