/*
 * The decoder of the tile profile as a compute shader. One thread computes one output pixel: the mean of its samples,
 * each of which is a cross-fade of the tiles around it. The arithmetic is that of codec/kernel/assembly, in floats.
 * Arguments of sines are in turns, because WGSL does not guarantee the accuracy of sin() for large arguments (WGSL,
 * 15.7.4.1).
 */

/** Side of a workgroup, in threads. */
export const GROUP_SIDE = 8;
/** The widest layer, in vectors of four: 32 in a tile, 64 in a shared encoder. */
const MAX_VECTORS = 16;
/** The most features per axis: the coordinate, and the sine and cosine of eight frequencies. */
const MAX_FEATURES = 17;

export const SHADER = /* wgsl */ `
struct Params {
  // Region in source pixels: left, top; distance between samples: x, y.
  region: vec4f,
  // Side of a tile: x, y; half the width of its cross-fade: x, y. In source pixels.
  tiles: vec4f,
  // Weight of one sample in a pixel.
  weight: vec4f,
  // Width of the first layer's averaging, in tile-local units: x, y.
  blur: vec4f,
  // Output size in pixels: width, height; samples per pixel: x, y.
  size: vec4u,
  // Tiles: columns, rows; frequencies; sine layers after the first.
  grid: vec4u,
  // Width of the shared encoder in vectors, or 0; sampling passes.
  model: vec4u,
  // Offset of each pass, in samples.
  offsets: array<vec4f, 3>,
}
// Offset of the weights and width, both in vectors; displacement in tile-local units (-1 to 1 across a tile); t in the
// span of the tile, sin(pi t / 2), cos(pi t / 2).
struct Tile { offset: u32, width: u32, u: f32, v: f32, t: f32, sineT: f32, cosineT: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> tiles: array<Tile>;
@group(0) @binding(3) var<storage, read_write> pixels: array<u32>;

var<private> activations: array<vec4f, ${MAX_VECTORS}>;
var<private> nextActivations: array<vec4f, ${MAX_VECTORS}>;
var<private> featuresX: array<f32, ${MAX_FEATURES}>;
var<private> featuresY: array<f32, ${MAX_FEATURES}>;

fn sine(z: vec4f) -> vec4f {
  let r = z - round(z);
  let s = r * r;
  return r * (0.25 - s) * (((-32.60916783 * s + 66.23887593) * s - 64.79273855) * s + 25.13216911);
}

// sin(pi x) / (pi x) up to its first zero, 0 beyond it; as a Taylor polynomial.
fn sinc(x: f32) -> f32 {
  let a = 9.8696044 * x * x;
  return select(1.0 - a / 6.0 * (1.0 - a / 20.0 * (1.0 - a / 42.0)), 0.0, x >= 1.0);
}

// exp(-(pi turns)^2 / 6), approximated by (1 + q / 4)^-4.
fn damping(turns: vec4f) -> vec4f {
  let r = 1.0 / (1.0 + turns * turns * 0.41123352);
  let square = r * r;
  return square * square;
}

// Linear ramp from 0 to 1 over the band around a tile's edge.
fn ramp(distance: f32, band: f32) -> f32 {
  if (distance >= band) { return 1.0; }
  if (distance < -band || band == 0.0) { return 0.0; }
  return (distance + band) / (2.0 * band);
}

// Weight of a tile at a position along one axis.
fn fade(position: f32, tile: i32, count: i32, side: f32, band: f32) -> f32 {
  var weight = 1.0;
  if (tile > 0) { weight = ramp(position - f32(tile) * side, band); }
  if (tile < count - 1) { weight *= 1.0 - ramp(position - f32(tile + 1) * side, band); }
  return weight;
}

// Evaluates the network of a tile at tile-local coordinates from -1 to 1.
fn colorOf(tile: Tile, x: f32, y: f32) -> vec3f {
  var offset = tile.offset;
  if (tile.width == 0u) { return weights[offset].xyz; }
  let frequencies = params.grid.z;
  let n = 1u + 2u * frequencies;
  featuresX[0] = x;
  featuresY[0] = y;
  var turns = vec2f(x, y) * 0.25;
  var frequency = 0.25;
  for (var k = 0u; k < frequencies; k++) {
    let waves = sine(vec4f(turns, turns + 0.25));
    let attenuation = vec2f(sinc(frequency * params.blur.x), sinc(frequency * params.blur.y));
    featuresX[1u + 2u * k] = waves.x * attenuation.x;
    featuresX[2u + 2u * k] = waves.z * attenuation.x;
    featuresY[1u + 2u * k] = waves.y * attenuation.y;
    featuresY[2u + 2u * k] = waves.w * attenuation.y;
    turns += turns;
    frequency += frequency;
  }

  // The first layer: the bias, a row per feature alternating between x and y, then three rows of time.
  let encoder = params.model.x;
  let first = select(tile.width, encoder, encoder > 0u);
  let start = select(offset, 0u, encoder > 0u);
  for (var j = 0u; j < first; j++) {
    let timeRow = start + (1u + 2u * n) * first + j;
    var z = weights[start + j] + weights[timeRow] * tile.t + weights[timeRow + first] * tile.sineT
      + weights[timeRow + 2u * first] * tile.cosineT;
    var row = start + first + j;
    var wx = weights[row];
    var wy = weights[row + first];
    z += wx * featuresX[0] + wy * featuresY[0];
    var scale = 1.57079633;
    row += 2u * first;
    for (var f = 1u; f < n; f += 2u) {
      let sx = weights[row];
      let sy = weights[row + first];
      let cx = weights[row + 2u * first];
      let cy = weights[row + 3u * first];
      z += sx * featuresX[f] + cx * featuresX[f + 1u] + sy * featuresY[f] + cy * featuresY[f + 1u];
      wx += scale * (sx * featuresX[f + 1u] - cx * featuresX[f]);
      wy += scale * (sy * featuresY[f + 1u] - cy * featuresY[f]);
      scale += scale;
      row += 4u * first;
    }
    activations[j] = sine(z) * damping(wx * params.blur.x) * damping(wy * params.blur.y);
  }
  offset = select(offset + (4u + 2u * n) * first, offset, encoder > 0u);

  var inputs = first;
  for (var layer = 0u; layer < params.grid.w; layer++) {
    for (var j = 0u; j < tile.width; j++) {
      var z = weights[offset + j];
      var row = offset + tile.width + j;
      for (var i = 0u; i < inputs; i++) {
        let h = activations[i];
        z += h.x * weights[row] + h.y * weights[row + tile.width] + h.z * weights[row + 2u * tile.width]
          + h.w * weights[row + 3u * tile.width];
        row += 4u * tile.width;
      }
      nextActivations[j] = sine(z);
    }
    offset += (1u + 4u * inputs) * tile.width;
    inputs = tile.width;
    for (var j = 0u; j < tile.width; j++) { activations[j] = nextActivations[j]; }
  }

  var color = weights[offset];
  for (var i = 0u; i < inputs; i++) {
    let h = activations[i];
    let row = offset + 1u + 4u * i;
    color += h.x * weights[row] + h.y * weights[row + 1u] + h.z * weights[row + 2u] + h.w * weights[row + 3u];
  }
  return color.xyz;
}

// Cross-fades the tiles around a position in source pixels.
fn sampleAt(position: vec2f) -> vec3f {
  let side = params.tiles.xy;
  let count = vec2i(params.grid.xy);
  let nearest = vec2i(floor(position / side));
  var color = vec3f(0.0);
  for (var row = nearest.y - 1; row <= nearest.y + 1; row++) {
    if (row < 0 || row >= count.y) { continue; }
    let fadeY = fade(position.y, row, count.y, side.y, params.tiles.w);
    if (fadeY <= 0.0) { continue; }
    for (var column = nearest.x - 1; column <= nearest.x + 1; column++) {
      if (column < 0 || column >= count.x) { continue; }
      let fadeX = fade(position.x, column, count.x, side.x, params.tiles.z);
      if (fadeX <= 0.0) { continue; }
      let tile = tiles[row * count.x + column];
      let local = 2.0 * (position - vec2f(f32(column), f32(row)) * side) / side - 1.0 + vec2f(tile.u, tile.v);
      color += fadeX * fadeY * colorOf(tile, local.x, local.y);
    }
  }
  return color;
}

@compute @workgroup_size(${GROUP_SIDE}, ${GROUP_SIDE})
fn decode(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.size.x || id.y >= params.size.y) { return; }
  var color = vec3f(0.0);
  for (var samplingPass = 0u; samplingPass < params.model.y; samplingPass++) {
    for (var j = 0u; j < params.size.w; j++) {
      for (var i = 0u; i < params.size.z; i++) {
        let index = vec2u(id.x * params.size.z + i, id.y * params.size.w + j);
        let position = vec2f(index) + 0.5 + params.offsets[samplingPass].xy;
        color += sampleAt(params.region.xy + position * params.region.zw);
      }
    }
  }
  let bytes = vec3u(clamp(round(color * params.weight.x), vec3f(0.0), vec3f(255.0)));
  pixels[id.y * params.size.x + id.x] = bytes.x | (bytes.y << 8) | (bytes.z << 16) | 0xff000000u;
}
`;
