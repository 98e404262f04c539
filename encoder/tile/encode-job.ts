import type { TileNetwork } from "../../codec/internal.js";
import type { ProbeResult } from "../../media/index.js";
import type { Checkpoints } from "../job/checkpoints.js";
import type { TileOptions } from "../options.js";
import type { PlannedGroup } from "../plan/groups.js";
import type { Capacity, PassResult, Target } from "../rate-control/targets.js";

/** All that is decided about a video before training begins. */
export interface EncodeJob {
  readonly info: ProbeResult;
  /** Source pixels of the asset. */
  readonly size: { readonly width: number; readonly height: number };
  readonly groups: readonly PlannedGroup[];
  /** Indices of the anchor groups. */
  readonly anchors: readonly number[];
  /** Of each group, the anchor whose decoders it starts from. */
  readonly warmStartAnchor: readonly number[];
  readonly network: TileNetwork;
  /** Bits a pixel that the first training should come to; undefined: whatever its worth of a nat gives. */
  readonly aim: number | undefined;
  /** Undefined where decoders may not be replaced by larger ones. */
  readonly capacity: Capacity | undefined;
  /** The target of a video that came out below its floor; undefined where it did not, or nothing can be done about it. */
  readonly belowMinPsnr?: ((result: PassResult) => Target | undefined) | undefined;
  readonly options: TileOptions;
  readonly checkpoints: Checkpoints;
}
