/**
 * Weights in the layout of the training graphs, by the name of the graph input.
 *
 * Tile profile, for a range of tiles of one group: matrices [tiles, in, out], biases [tiles, out, 1], motion
 * [tiles, 2, frames]. Paper profile: the same with one entry per stack or frame.
 */
export type TrainingWeights = Map<string, Float32Array>;

/**
 * Returns the weights with a name.
 * @throws RangeError if `weights` does not contain the name
 */
export function requireWeights(weights: TrainingWeights, name: string): Float32Array {
  const values = weights.get(name);
  if (values === undefined) throw new RangeError(`no weights named ${name}`);
  return values;
}
