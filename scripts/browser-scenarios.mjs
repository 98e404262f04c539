// The scenarios of check-browsers.mjs: what viewers do with the player. They run in every browser.
import { setTimeout as pause } from "node:timers/promises";

const TIMEOUT_MS = 90_000;

/** Runs in the page. Creates `window.player`, and collects errors in `window.pageErrors`. */
async function createPlayer({ src, mode = "server", width = 320, levels = false }) {
  await customElements.whenDefined("siedd-player");
  window.pageErrors = [];
  for (const type of ["error", "unhandledrejection"]) {
    window.addEventListener(type, ({ message, reason }) => window.pageErrors.push(String(message ?? reason)));
  }
  if (levels) {
    const supported = MediaSource.isTypeSupported.bind(MediaSource);
    for (const Source of [MediaSource, globalThis.ManagedMediaSource]) {
      if (Source) Source.isTypeSupported = (type) => !type.includes("avc3") && supported(type);
    }
  }
  const player = document.createElement("siedd-player");
  window.player = player;
  window.segments = [];
  player.addEventListener("segment", ({ detail }) => window.segments.push(detail));
  Object.assign(player, { src, mode });
  player.style.width = `${width}px`;
  document.body.replaceChildren(player);
}

/** Runs in the page. Returns the state of the player for error messages. */
function playerState() {
  const { player } = window;
  const { buffered } = player;
  return {
    transport: player.transport,
    time: player.currentTime,
    size: `${player.videoWidth}x${player.videoHeight}`,
    ranges: Array.from({ length: buffered.length }, (_, i) => [buffered.start(i), buffered.end(i)]),
    ready: player.readyState,
    paused: player.paused,
    ended: player.ended,
    region: player.region,
    error: player.error?.message ?? null,
    pageErrors: window.pageErrors,
  };
}

/** Returns whether the screenshot of the player has more than one color. */
async function isPainted(page) {
  const { default: sharp } = await import("sharp");
  // Next to the play button.
  const box = { left: 20, top: 40, width: 80, height: 60 };
  const part = await sharp(Buffer.from(await page.screenshot()))
    .extract(box)
    .toBuffer();
  const { channels } = await sharp(part).stats();
  return channels.some(({ stdev }) => stdev > 8);
}

function assert(condition, message) {
  if (!condition) throw new Error(message);
}

/** Returns the actions and assertions that the scenarios share. */
function pageActions(context) {
  const { server, page, audioDevice } = context;
  const testPage = new URL("/test-page", server.url).href;
  const video = new URL("video", server.url).href;
  const waitUntil = async (expectation, condition, ...args) => {
    for (const started = Date.now(); Date.now() - started < TIMEOUT_MS; ) {
      if (await page.evaluate(condition, ...args)) return;
      await pause(100);
    }
    throw new Error(
      `timeout: ${expectation}; ${JSON.stringify(await page.evaluate(playerState).catch(String))}`,
    );
  };
  const open = async (options = {}) => {
    await page.goto(testPage);
    await page.evaluate(createPlayer, { src: video, ...options });
    await waitUntil("the player has a frame", () => window.player.readyState >= 2);
  };
  const waitForSize = (size) =>
    waitUntil(
      `the video has ${size}`,
      (expected) => `${player.videoWidth}x${player.videoHeight}` === expected,
      size,
    );
  const waitUntilPainted = async () => {
    for (const started = Date.now(); !(await isPainted(page)); await pause(200)) {
      assert(Date.now() - started < TIMEOUT_MS, "the frame on the screen has only one color");
    }
  };
  const waitForOneRange = () => waitUntil("the buffer has one range", () => player.buffered.length === 1);
  const playToEnd = async () => {
    // Does not wait for the promise of play(): the next lines wait for playback.
    await page.evaluate(() => void player.play().catch((error) => window.pageErrors.push(String(error))));
    await waitUntil("the video plays", () => player.currentTime > 0.3);
    assert(await audioDevice.isPlaying(), "no audio is playing");
    await waitUntil("the video ends", () => player.ended);
  };
  const assertTransport = async (expected) => {
    const transport = await page.evaluate(() => player.transport);
    assert(transport === expected, `the transport must be ${expected}, got ${transport}`);
  };

  return {
    video,
    waitUntil,
    open,
    waitForSize,
    waitUntilPainted,
    waitForOneRange,
    playToEnd,
    assertTransport,
  };
}

/** Returns the scenarios by name. Each starts on a new page. */
export function scenarios(context) {
  const actions = pageActions(context);
  return {
    ...serverScenarios(context, actions),
    ...directScenarios(context, actions),
    ...controlScenarios(context, actions),
  };
}

function serverScenarios({ page }, actions) {
  const { waitUntil, open, waitForSize, waitUntilPainted, waitForOneRange, playToEnd, assertTransport } =
    actions;
  return {
    "server, elastic: plays to the end with audio, at the exact size": async () => {
      await open();
      await assertTransport("elastic");
      await waitForSize("320x180");
      await waitUntilPainted();
      await playToEnd();
      await waitForSize("320x180");
      await waitForOneRange();
    },
    "resize during playback: reaches the exact size, with one buffered range": async () => {
      await open();
      await page.evaluate(() => void player.play());
      await waitUntil("the video plays", () => player.currentTime > 0.3);
      await page.evaluate(() => {
        player.style.width = "480px";
      });
      await waitUntil("the video ends", () => player.ended);
      await waitForSize("480x270");
      await waitForOneRange();
    },
    "resize while paused": async () => {
      await open();
      await page.evaluate(() => {
        player.style.width = "240px";
      });
      await waitForSize("240x136");
      await waitForOneRange();
    },
    "seek, loop, pause": async () => {
      await open();
      for (const at of [4.2, 1.1, 5]) {
        await page.evaluate((seconds) => {
          player.currentTime = seconds;
        }, at);
        await waitUntil(
          "the seek completes",
          (s) => !player.seeking && Math.abs(player.currentTime - s) < 0.1,
          at,
        );
        await waitForOneRange();
      }
      await page.evaluate(() => {
        player.loop = true;
        void player.play();
      });
      await waitUntil("the video loops", () => !player.paused && player.currentTime < 2);
      await page.evaluate(() => player.pause());
      await waitUntil("the video pauses", () => player.paused);
    },
    "region at full resolution": async () => {
      await open();
      await page.evaluate(() => {
        player.region = "80,45,160,90";
      });
      await waitUntil("segments of the region are loaded", () =>
        window.segments.some(({ region, size }) => region?.width === 160 && size.width === 320),
      );
      await waitForSize("320x180");
      await waitForOneRange();
    },
    "server, levels: plays to the end with audio": async () => {
      await open({ levels: true });
      await assertTransport("levels");
      await playToEnd();
      await waitForOneRange();
    },
  };
}

function directScenarios({ server, page }, actions) {
  const { waitUntil, open, waitForSize, waitUntilPainted, playToEnd, assertTransport } = actions;
  return {
    "direct: plays to the end with audio, and resizes": async () => {
      await open({ mode: "direct" });
      await assertTransport("direct");
      await waitForSize("320x180");
      await page.evaluate(() => {
        player.style.width = "480px";
      });
      await waitForSize("480x270");
      await waitUntilPainted();
      await playToEnd();
    },
    "auto: chooses a transport and plays to the end": async () => {
      await open({ mode: "auto" });
      await playToEnd();
      const transport = await page.evaluate(() => player.transport);
      assert(["direct", "elastic"].includes(transport), `unexpected transport ${transport}`);
      return transport;
    },
    "direct: plays a video without audio": async () => {
      await open({ mode: "direct", src: new URL("silent", server.url).href });
      await page.evaluate(() => void player.play());
      await waitUntil("the video ends", () => player.ended);
    },
  };
}

function controlScenarios(context, { waitUntil, open, waitForSize }) {
  const { server, page, audioDevice } = context;
  return {
    captions: async () => {
      await open();
      await page.evaluate(() => {
        const track = player.addTextTrack("captions", "English", "en");
        track.addCue(new VTTCue(0, 6, "Hello there"));
        track.mode = "showing";
      });
      await waitUntil("the captions are shown", () =>
        player.shadowRoot.querySelector(".captions")?.textContent.includes("Hello there"),
      );
    },
    "keyboard: K plays and pauses, M mutes, L seeks": async () => {
      await open();
      await page.evaluate(() => player.shadowRoot.querySelector(".stage").focus());
      await page.press("k");
      await waitUntil("K plays", () => !player.paused);
      await page.press("k");
      await waitUntil("K pauses", () => player.paused);
      await page.press("m");
      await waitUntil("M mutes", () => player.muted);
      await page.press("l");
      await waitUntil("L seeks", () => player.currentTime > 5.9);
    },
    "catalog page": async () => {
      await page.goto(new URL("#video", server.url).href);
      await page.evaluate(() => {
        window.pageErrors = [];
        window.segments = [];
      });
      await waitUntil("the page loads a video", () => {
        window.player = document.querySelector("siedd-player");
        return window.player?.readyState >= 2;
      });
    },
    "embed page in a frame of another origin": async () => {
      await page.goto(`${context.host}frame`);
      // A frame of another origin cannot be inspected, but its audio can be detected.
      for (const started = Date.now(); !(await audioDevice.isPlaying()); await pause(200)) {
        assert(Date.now() - started < TIMEOUT_MS, "no audio is playing");
      }
    },
    "classic script on a page of another origin": async () => {
      await page.goto(`${context.host}script`);
      await page.evaluate(() => {
        window.pageErrors = [];
        window.player = document.querySelector("siedd-player");
      });
      await waitUntil("the player has a frame", () => window.player.readyState >= 2);
      await waitForSize("320x180");
    },
  };
}
