import { hasOnnxRuntime } from "../../decode-pool/load-onnxruntime.js";
import { compareKernels, fasterVariant } from "../../encoder/tile/kernel-trial.js";
import { resolveTileOptions } from "../../encoder/tile/options.js";
import { hasRelaxedSimd } from "../../encoder/training/kernel/kernel.js";
import { hasCudaProvider } from "../../encoder/training/onnx/cuda-provider.js";
import { requireTensorFlow } from "../../encoder/training/tfjs/tfjs-runtime.js";

/** A part that decodes or trains. */
export interface Engine {
  /** "kernel": a variant of the training kernel. "provider": an execution provider of onnxruntime. */
  readonly kind: "decoder" | "trainer" | "kernel" | "provider";
  /** Value of the option --engine, --trainer, --kernel or --device. */
  readonly name: string;
  /** Whether this machine has it. */
  readonly available: boolean;
  /** Whether the default of the option selects it, in the tile profile. */
  readonly used: boolean;
  readonly note: string;
}

/** Returns the engines that siedd knows, and which of them this machine has and uses by default. */
export async function listEngines(): Promise<Engine[]> {
  const onnx = hasOnnxRuntime();
  const cuda = hasCudaProvider();
  const { trainer } = resolveTileOptions({ input: "video", output: "asset.siedd" });
  const trainers = { kernel: true, onnx, tfjs: hasTensorFlow() };
  const onnxNote = onnx ? "onnxruntime" : "needs onnxruntime-node";
  const trainerNotes = {
    kernel: "WebAssembly, on the CPU",
    onnx: onnxNote,
    tfjs: trainers.tfjs ? "TensorFlow.js" : "needs @tensorflow/tfjs",
  };
  const simd = `WebAssembly ${hasRelaxedSimd() ? "with relaxed SIMD" : "with SIMD"}`;
  return [
    { kind: "decoder", name: "kernel", available: true, used: true, note: simd },
    {
      kind: "decoder",
      name: "onnx",
      available: onnx,
      used: false,
      note: `${onnxNote}; for the paper profile`,
    },
    ...(["kernel", "onnx", "tfjs"] as const).map((name) => ({
      kind: "trainer" as const,
      name,
      available: trainers[name],
      used: name === trainer,
      note: trainerNotes[name],
    })),
    ...(await listKernels()),
    { kind: "provider", name: "cpu", available: onnx, used: onnx && !cuda, note: onnxNote },
    {
      kind: "provider",
      name: "cuda",
      available: cuda,
      used: cuda,
      note: cuda ? "installed" : "not installed",
    },
  ];
}

/** Returns the variants of the training kernel, of which the faster one is used. */
async function listKernels(): Promise<Engine[]> {
  const comparison = await compareKernels();
  const { same, speedup } = comparison;
  const variant = fasterVariant(comparison);
  const note =
    speedup === 0
      ? "not faster: V8 does not merge vectors here"
      : same
        ? `${speedup.toFixed(2)} times as fast as plain`
        : "differs from plain in its results";
  return [
    {
      kind: "kernel",
      name: "plain",
      available: true,
      used: variant === "plain",
      note: "vectors of 128 bits",
    },
    { kind: "kernel", name: "wide", available: true, used: variant === "wide", note },
  ];
}

function hasTensorFlow(): boolean {
  try {
    requireTensorFlow("cpu");
    return true;
  } catch {
    return false;
  }
}

/** Describes engines, one per line. */
export function describeEngines(engines: readonly Engine[]): string {
  const state = ({ available, used }: Engine): string =>
    used ? "used" : available ? "available" : "missing";
  const { node, v8 } = process.versions;
  return [
    `Node.js ${node}, V8 ${v8}, ${process.platform} ${process.arch}`,
    ...engines.map(
      (engine) =>
        `  ${engine.kind.padEnd(8)}  ${engine.name.padEnd(6)}  ${state(engine).padEnd(9)}  ${engine.note}`,
    ),
  ].join("\n");
}
