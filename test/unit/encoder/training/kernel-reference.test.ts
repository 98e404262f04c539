import assert from "node:assert/strict";
import { test } from "node:test";
import type { TileNetwork } from "../../../../codec/internal.js";
import { TrainingKernel } from "../../../../encoder/training/kernel/kernel.js";
import {
  type MemoryLayout,
  planMemory,
  SAMPLE_ROWS,
} from "../../../../encoder/training/kernel/memory-layout.js";
import { readParameters, writeParameters } from "../../../../encoder/training/kernel/parameter-layout.js";
import { constantLearningRate } from "../../../../encoder/training/schedules/schedule.js";
import type { TrainingWeights } from "../../../../encoder/training/weights.js";
import {
  FIXTURES,
  type Fixture,
  flatten,
  readFixture,
  relativeError,
  swapAxes,
} from "../../../support/fixtures.js";

const TOLERANCE = 1e-4;
const WIDTH = 6;
const TILES = 3;
const FRAMES = 4;
const STEPS = 3;
const CHANNELS = 3;

/** Converts the weights or gradients of a fixture to the names and shapes of training. */
function toTrainingWeights(arrays: Record<string, unknown>): TrainingWeights {
  const weights: TrainingWeights = new Map();
  const set = (name: string, values: unknown) =>
    weights.set(name, Float32Array.from(flatten(values as never)));
  for (const [key, prefix] of [
    ["enc", "encoder"],
    ["hid", "hidden"],
  ]) {
    for (const [l, values] of ((arrays[key] ?? []) as unknown[]).entries()) {
      set(`${prefix}${l}`, values);
      set(`${prefix}${l}_bias`, (arrays[`${key}_b`] as unknown[])[l]);
    }
  }
  set("head", (arrays.head as unknown[])[0]);
  set("head_bias", (arrays.head_b as unknown[])[0]);
  return weights.set("motion", Float32Array.from(swapAxes((arrays.motion as never[])[0])));
}

/** A fixture in the memory of a kernel. */
class KernelFixture {
  readonly fixture: Fixture;
  readonly learnEncoder: boolean;
  readonly #kernel: TrainingKernel;
  readonly #layout: MemoryLayout;

  constructor(fixture: Fixture, kernel: TrainingKernel) {
    this.fixture = fixture;
    this.learnEncoder = "enc" in fixture.gradients && (fixture.gradients.enc as unknown[]).length > 0;
    const network: TileNetwork = {
      profile: "tile",
      rows: 1,
      columns: TILES,
      overlap: 0,
      frequencies: 4,
      omega: 20,
      encoderWidth: fixture.weights.enc.length > 0 ? 8 : 0,
      hiddenLayers: 2,
    };
    const start = kernel.exports.staticBytes();
    this.#kernel = kernel;
    this.#layout = planMemory(start, {
      network,
      width: WIDTH,
      frames: FRAMES,
      points: fixture.inputs.xy.length,
      steps: STEPS,
      tiles: TILES,
      pixels: 0,
      learnEncoder: this.learnEncoder,
      quantization: undefined,
      targetScale: 1,
      targetShift: 0,
      motionLearningRateScale: 1,
      muonLearningRateScale: undefined,
    });
    kernel.allocate(start, this.#layout.bytes);
    this.#layout.initialize(kernel.dataView());
    const schedule = constantLearningRate(fixture.lr, 0.9, 0, STEPS);
    kernel.float32Array(this.#layout.config.schedule, schedule.length).set(schedule);
    for (let step = 0; step < STEPS; step++) this.#writeSamples(step);
  }

  #tileAddress(tile: number): number {
    return this.#layout.tiles + tile * this.#layout.tileBytes;
  }

  writeWeights(weights: TrainingWeights): void {
    const { tileParameters, encoderParameters, encoderState } = this.#layout;
    for (let tile = 0; tile < TILES; tile++) {
      const out = this.#kernel.float32Array(this.#tileAddress(tile), tileParameters.size);
      writeParameters(tileParameters, weights, tile, out);
    }
    if (encoderParameters === undefined) return;
    const out = this.#kernel.float32Array(encoderState, encoderParameters.size);
    writeParameters(encoderParameters, weights, 0, out);
  }

  readWeights(weights: TrainingWeights): void {
    const { tileParameters, encoderParameters, encoderState } = this.#layout;
    for (let tile = 0; tile < TILES; tile++) {
      const from = this.#kernel.float32Array(this.#tileAddress(tile), tileParameters.size);
      readParameters(tileParameters, from, weights, tile);
    }
    if (encoderParameters === undefined) return;
    const from = this.#kernel.float32Array(encoderState, encoderParameters.size);
    readParameters(encoderParameters, from, weights, 0);
  }

  #writeSamples(step: number): void {
    const { config, paddedPoints } = this.#layout;
    const { xy, frame = [] } = this.fixture.inputs;
    const address = config.samples + 4 * step * SAMPLE_ROWS * paddedPoints;
    const samples = this.#kernel.float32Array(address, SAMPLE_ROWS * paddedPoints);
    const frames = this.#kernel.uint32Array(address + 4 * 5 * paddedPoints, paddedPoints);
    xy.forEach(([x, y], p) => {
      const t = (2 / FRAMES) * (frame[p] + 0.5) - 1;
      const rows = [x, y, t, Math.sin((Math.PI / 2) * t), Math.cos((Math.PI / 2) * t)];
      rows.forEach((value, row) => {
        samples[row * paddedPoints + p] = value;
      });
      frames[p] = frame[p];
    });
  }

  /** Trains a tile for one step. */
  stepTile(tile: number, step: number): void {
    const targets = this.#targets();
    this.fixture.target[tile].forEach((colors, p) => {
      colors.forEach((value, c) => {
        targets[c * this.#layout.paddedPoints + p] = value;
      });
    });
    this.#kernel.exports.stepTile(this.#layout.configAddress, this.#tileAddress(tile), step, 0, 0);
  }

  /** Trains the shared encoder for one step, if the fixture does. */
  stepEncoder(step: number): void {
    const { encoderParameters, encoderGradient, configAddress } = this.#layout;
    if (encoderParameters === undefined || !this.learnEncoder) return;
    this.#kernel.exports.stepEncoder(configAddress, encoderParameters.size, encoderGradient, step);
  }

  readTileGradient(gradients: TrainingWeights, tile: number): void {
    const { tileParameters, config } = this.#layout;
    const from = this.#kernel.float32Array(config.gradient, tileParameters.size);
    readParameters(tileParameters, from, gradients, tile);
  }

  readEncoderGradient(gradients: TrainingWeights): void {
    const { encoderParameters, encoderGradient } = this.#layout;
    if (encoderParameters === undefined || !this.learnEncoder) return;
    const from = this.#kernel.float32Array(encoderGradient, encoderParameters.size);
    readParameters(encoderParameters, from, gradients, 0);
  }

  /** Returns the output [3, points] of the last tile, from its scaled errors and its targets. */
  output(): Float32Array {
    const { config, stripLength, paddedPoints, pointCount } = this.#layout;
    const errors = this.#kernel.float32Array(config.errors, CHANNELS * stripLength);
    const targets = this.#targets();
    return Float32Array.from({ length: CHANNELS * pointCount }, (_, i) => {
      const [c, p] = [Math.floor(i / pointCount), i % pointCount];
      const error = (errors[c * stripLength + p] * TILES * CHANNELS * pointCount) / 2;
      return error + targets[c * paddedPoints + p];
    });
  }

  /** Returns the mean squared error of each step. */
  losses(): number[] {
    const { config, pointCount } = this.#layout;
    const sums = this.#kernel.float64Array(config.losses, STEPS);
    return Array.from(sums, (sum) => sum / (TILES * CHANNELS * pointCount));
  }

  #targets(): Float32Array {
    return this.#kernel.float32Array(this.#layout.config.targets, CHANNELS * this.#layout.paddedPoints);
  }
}

function assertClose(actual: TrainingWeights, expected: TrainingWeights, quantity: string): void {
  for (const [name, values] of expected) {
    const error = relativeError(actual.get(name) ?? [], [...values]);
    assert.ok(error <= TOLERANCE, `${quantity} of ${name}: relative error ${error}`);
  }
}

for (const name of FIXTURES.filter((fixture) => fixture.startsWith("tile"))) {
  test(`${name}: output, loss, gradients and three AdamW steps of the kernel match the reference`, async () => {
    const fixture = readFixture(name);
    const run = new KernelFixture(fixture, await TrainingKernel.acquire());
    const weights = toTrainingWeights(fixture.weights);
    run.writeWeights(weights);
    const gradients: TrainingWeights = new Map(
      [...weights].map(([key, { length }]) => [key, new Float32Array(length)]),
    );
    const output: number[] = [];
    for (let step = 0; step < STEPS; step++) {
      for (let tile = 0; tile < TILES; tile++) {
        run.stepTile(tile, step);
        if (step > 0) continue;
        run.readTileGradient(gradients, tile);
        output.push(...run.output());
      }
      run.stepEncoder(step);
      if (step === 0) run.readEncoderGradient(gradients);
    }
    assert.ok(relativeError(output, swapAxes(fixture.output)) <= TOLERANCE, "output");
    const losses = run.losses();
    assert.ok(relativeError(losses, fixture.losses) <= TOLERANCE, `losses ${losses}`);
    assertClose(gradients, toTrainingWeights(fixture.gradients), "gradient");
    run.readWeights(weights);
    assertClose(weights, toTrainingWeights(fixture.weights_after_3_steps), "weights after three steps");
  });
}
