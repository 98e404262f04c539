import { BASE_OPTIONS, ffmpegCommand, fileUrl, runFfmpeg } from "../ffmpeg/run.js";
import { writeAtomically } from "./atomic-file.js";

/** Size of the sample video in pixels. It is drawn at twice the size and averaged for smooth edges. */
const WIDTH = 640;
const HEIGHT = 360;
/** Frames per second. */
const FRAME_RATE = 25;
/** Frames of the two scenes. */
const DAY_FRAMES = 80;
const NIGHT_FRAMES = 70;

/** Options of `writeSample`. */
export interface SampleOptions {
  /** The MP4 to write. */
  readonly output: string;
  readonly signal?: AbortSignal;
}

/**
 * Renders the sample video of `siedd demo` with ffmpeg's sources and filters, 640 x 360 pixels, six seconds: hills that
 * drift by at different speeds, by day and, after a cut, by night, with a few plucked notes.
 * @throws MediaError as `writeMp4` does.
 */
export function writeSample({ output, signal }: SampleOptions): Promise<void> {
  return writeAtomically(output, ".mp4", async (temporary) => {
    const seconds = ((DAY_FRAMES + NIGHT_FRAMES) / FRAME_RATE).toFixed(2);
    const command = ffmpegCommand()
      .input(`color=black:s=16x16:r=${FRAME_RATE}:d=${seconds}`)
      .inputOptions([...BASE_OPTIONS, "-f", "lavfi"])
      .complexFilter(
        [
          ...scene("day", DAY_FRAMES, dayLayers),
          ...scene("night", NIGHT_FRAMES, nightLayers),
          `[day][night]concat=n=2:v=1:a=0,scale=${WIDTH}:${HEIGHT}:flags=area:out_color_matrix=bt709:out_range=tv,format=yuv420p[video]`,
          ...music(seconds),
        ].join(";"),
      )
      .outputOptions(["-map", "[video]", "-map", "[audio]", "-t", seconds, "-r", String(FRAME_RATE)])
      .outputOptions(["-c:v", "libx264", "-preset", "veryfast", "-crf", "10", "-color_range", "tv"])
      .outputOptions(["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"])
      .outputOptions(["-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart", "-f", "mp4"])
      .output(fileUrl(temporary));
    await runFfmpeg(command, { failure: "cannot render the sample video", signal });
  });
}

/** One image that moves by an integer number of double-size pixels per frame, so that nothing jitters. */
interface Layer {
  readonly width: number;
  readonly height: number;
  /** geq expressions in X and Y: colors from 0 to 255, alpha from 0 to 1. */
  readonly red: string;
  readonly green: string;
  readonly blue: string;
  readonly alpha: string;
  /** Position of the top left corner at frame n, in double-size pixels. */
  readonly x: string;
  readonly y: string;
}

interface SceneLayers {
  /** Colors of the sky from the top to the horizon, RRGGBB. */
  readonly sky: readonly [string, string, string];
  readonly layers: readonly Layer[];
}

function scene(name: string, frames: number, { sky, layers }: SceneLayers): string[] {
  const [top, middle, horizon] = sky;
  const size = `${WIDTH * 2}x${HEIGHT * 2}`;
  const ends = `x0=${WIDTH}:y0=0:x1=${WIDTH}:y1=${HEIGHT * 1.6}`;
  const still = "trim=end_frame=1,loop=loop=-1:size=1:start=0";
  const chain = [
    `gradients=s=${size}:r=${FRAME_RATE}:n=3:c0=0x${top}:c1=0x${middle}:c2=0x${horizon}:${ends}:speed=0.00001,format=gbrp,${still},` +
      `setpts=N/${FRAME_RATE}/TB,trim=end_frame=${frames}[${name}0]`,
  ];
  for (const [index, layer] of layers.entries()) {
    const alpha = `255*clip(${layer.alpha},0,1)`;
    chain.push(
      `color=black:s=${layer.width}x${layer.height}:r=${FRAME_RATE},format=gbrap,` +
        `geq=r='${layer.red}':g='${layer.green}':b='${layer.blue}':a='${alpha}',${still}[${name}l${index}]`,
      `[${name}${index}][${name}l${index}]overlay=x='${layer.x}':y='${layer.y}':format=gbrp:shortest=1[${name}${index + 1}]`,
    );
  }
  chain.push(`[${name}${layers.length}]format=gbrp,setpts=N/${FRAME_RATE}/TB[${name}]`);
  return chain;
}

const disc = (radius: number, color: readonly [number, number, number], x: string, y: string): Layer => ({
  width: radius * 2 + 8,
  height: radius * 2 + 8,
  red: String(color[0]),
  green: String(color[1]),
  blue: String(color[2]),
  alpha: `${radius}-hypot(X-${radius + 4},Y-${radius + 4})+0.5`,
  x,
  y,
});

function crescent(radius: number, color: readonly [number, number, number], x: string, y: string): Layer {
  const full = disc(radius, color, x, y);
  return {
    ...full,
    alpha: `min(${full.alpha},hypot(X-${radius * 1.5},Y-${radius * 0.8})-${radius - 4}+0.5)`,
  };
}

/**
 * Returns land below a skyline, darker toward the bottom.
 * @param skyline distance from the top of the layer in pixels, a geq expression in X
 */
function land(skyline: string, color: readonly [number, number, number], speed: number, top: number): Layer {
  const height = HEIGHT * 2 - top;
  const shade = (value: number) => `${value}*(1-0.45*Y/${height})`;
  return {
    width: WIDTH * 2 + speed * DAY_FRAMES + 8,
    height,
    red: shade(color[0]),
    green: shade(color[1]),
    blue: shade(color[2]),
    alpha: `Y-(${skyline})+0.5`,
    x: `-${speed}*n`,
    y: String(top),
  };
}

const mountains = "150-90*abs(sin(X/210))-50*abs(sin(X/97+1))";
const hills = "90+50*sin(X/170)+25*sin(X/71+2)";
const meadow = "160+30*sin(X/240+1)";
const firs = `${meadow}-max(0,(70+25*sin(floor(X/88)*2.4))-3.4*abs(mod(X,88)-44))`;

const dayLayers: SceneLayers = {
  sky: ["2a6fb0", "8cc3dc", "fde3b0"],
  layers: [
    disc(76, [255, 244, 204], "900-n", "90+n"),
    land(mountains, [124, 140, 182], 0, 270),
    land(hills, [72, 142, 120], 1, 400),
    land(firs, [28, 84, 66], 2, 430),
  ],
};

const nightLayers: SceneLayers = {
  sky: ["0b1033", "2b2a6b", "c06c84"],
  layers: [
    crescent(64, [244, 240, 220], "250+n", "150-n"),
    land("120+60*sin(X/260)+30*sin(X/90)", [84, 66, 128], 0, 330),
    land("110-70*abs(sin(X/150+0.7))", [52, 40, 92], 1, 450),
    land(firs, [18, 18, 46], 2, 450),
  ],
};

/** Plucked notes of a pentatonic scale in hertz, one every `NOTE_SECONDS`, above a soft low chord. */
const NOTES = [392, 440, 523.25, 659.25, 587.33, 523.25, 440, 523.25, 659.25, 783.99, 659.25, 587.33, 523.25];
const NOTE_SECONDS = 0.4;

function music(seconds: string): string[] {
  const pluck = (hertz: number) =>
    `0.22*exp(-3.2*t)*min(1,t*200)*(sin(2*PI*${hertz}*t)+0.35*sin(4*PI*${hertz}*t)*exp(-4*t))`;
  const notes = NOTES.map((hertz, index) => {
    const delay = Math.round(index * NOTE_SECONDS * 1000);
    return `aevalsrc='${pluck(hertz)}|${pluck(hertz)}':s=48000:d=2.4,adelay=${delay}:all=1[note${index}]`;
  });
  const low = [130.81, 196, 261.63].map((hertz) => `sin(2*PI*${hertz}*t)`).join("+");
  const chord = `0.05*min(1,t)*(${low})*(0.8+0.2*sin(2*PI*0.4*t))`;
  return [
    ...notes,
    `aevalsrc='${chord}|${chord}':s=48000:d=${seconds}[chord]`,
    `[chord]${NOTES.map((_, index) => `[note${index}]`).join("")}amix=inputs=${NOTES.length + 1}:normalize=0:duration=first,` +
      `afade=t=out:st=${(Number(seconds) - 0.8).toFixed(2)}:d=0.8[audio]`,
  ];
}
