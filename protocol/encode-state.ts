/** The state of one source's encode. */
export type EncodeState =
  | { readonly state: "waiting" }
  | {
      readonly state: "training";
      readonly phase: "analyze" | "audio" | "phase1" | "phase2" | "write";
      /** Completed share, 0 to 1. */
      readonly done: number;
      readonly remainingSeconds: number | undefined;
      /** Whether it waits because the server is busy. */
      readonly yielding: boolean;
    }
  /** An operator has stopped it; its checkpoints are kept. */
  | { readonly state: "paused"; readonly done: number }
  /** An operator does not want this source to be encoded. */
  | { readonly state: "canceled" }
  | { readonly state: "failed"; readonly message: string };
