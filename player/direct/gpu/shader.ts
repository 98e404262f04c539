/*
 * The decoder of the tile profile as a compute shader: a thread an output pixel, which takes the mean of its samples,
 * each of them the cross-fade of the tiles that reach it. The arithmetic is that of codec/kernel/assembly in floats;
 * arguments of sines are in turns, since sin() of a large argument is as wrong as a GPU likes (WGSL, 15.7.4.1).
 */

/** Threads a side of a workgroup. */
export const GROUP_SIDE = 8;
/** Largest width of a layer in vectors of four: 32 in a tile, 64 in a shared encoder. */
const MAX_VECTORS = 16;
/** Features of one axis: eight frequencies at most. */
const MAX_FEATURES = 17;

export const SHADER = /* wgsl */ `
struct Params {
  // Of the region in source pixels: left, top, distance of samples across and down.
  region: vec4f,
  // Side of a tile and half the width of its cross-fade, across and down.
  tiles: vec4f,
  // t, its sine and its cosine; share of one sample in a pixel.
  time: vec4f,
  // Averaging of the first layer across and down, tile-local.
  blur: vec4f,
  // Output pixels; samples of a pixel across and down.
  size: vec4u,
  // Columns and rows of tiles; frequencies; sine layers behind the first.
  grid: vec4u,
  // Vectors of the shared encoder's width, or 0; passes.
  more: vec4u,
  // In samples, of each pass.
  offsets: array<vec4f, 3>,
}
// Vector at which a tile's weights begin, vectors of its width, displacement.
struct Tile { at: u32, width: u32, u: f32, v: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> tiles: array<Tile>;
@group(0) @binding(3) var<storage, read_write> pixels: array<u32>;

var<private> here: array<vec4f, ${MAX_VECTORS}>;
var<private> there: array<vec4f, ${MAX_VECTORS}>;
var<private> across: array<f32, ${MAX_FEATURES}>;
var<private> down: array<f32, ${MAX_FEATURES}>;

fn sine(z: vec4f) -> vec4f {
  let r = z - round(z);
  let s = r * r;
  return r * (0.25 - s) * (((-32.60916783 * s + 66.23887593) * s - 64.79273855) * s + 25.13216911);
}

// sin(pi x) / (pi x) up to its first zero, 0 beyond.
fn sinc(x: f32) -> f32 {
  let a = 9.8696044 * x * x;
  return select(1.0 - a / 6.0 * (1.0 - a / 20.0 * (1.0 - a / 42.0)), 0.0, x >= 1.0);
}

// exp(-(pi turns)^2 / 6) as (1 + q / 4)^-4.
fn damped(turns: vec4f) -> vec4f {
  let r = 1.0 / (1.0 + turns * turns * 0.41123352);
  let square = r * r;
  return square * square;
}

fn rise(distance: f32, band: f32) -> f32 {
  if (distance >= band) { return 1.0; }
  if (distance < -band || band == 0.0) { return 0.0; }
  return (distance + band) / (2.0 * band);
}

fn fade(at: f32, tile: i32, count: i32, side: f32, band: f32) -> f32 {
  var share = 1.0;
  if (tile > 0) { share = rise(at - f32(tile) * side, band); }
  if (tile < count - 1) { share *= 1.0 - rise(at - f32(tile + 1) * side, band); }
  return share;
}

fn colorOf(tile: Tile, x: f32, y: f32) -> vec3f {
  var at = tile.at;
  if (tile.width == 0u) { return weights[at].xyz; }
  let frequencies = params.grid.z;
  let n = 1u + 2u * frequencies;
  across[0] = x;
  down[0] = y;
  var turns = vec2f(x, y) * 0.25;
  var frequency = 0.25;
  for (var k = 0u; k < frequencies; k++) {
    let waves = sine(vec4f(turns, turns + 0.25));
    let soft = vec2f(sinc(frequency * params.blur.x), sinc(frequency * params.blur.y));
    across[1u + 2u * k] = waves.x * soft.x;
    across[2u + 2u * k] = waves.z * soft.x;
    down[1u + 2u * k] = waves.y * soft.y;
    down[2u + 2u * k] = waves.w * soft.y;
    turns += turns;
    frequency += frequency;
  }

  // The first layer: bias, a row for each feature of x and y in turns, three of time.
  let encoder = params.more.x;
  let first = select(tile.width, encoder, encoder > 0u);
  var start = select(at, 0u, encoder > 0u);
  for (var j = 0u; j < first; j++) {
    let times = start + (1u + 2u * n) * first + j;
    var z = weights[start + j] + weights[times] * params.time.x + weights[times + first] * params.time.y
      + weights[times + 2u * first] * params.time.z;
    var row = start + first + j;
    var wx = weights[row];
    var wy = weights[row + first];
    z += wx * across[0] + wy * down[0];
    var scale = 1.57079633;
    row += 2u * first;
    for (var f = 1u; f < n; f += 2u) {
      let sx = weights[row];
      let sy = weights[row + first];
      let cx = weights[row + 2u * first];
      let cy = weights[row + 3u * first];
      z += sx * across[f] + cx * across[f + 1u] + sy * down[f] + cy * down[f + 1u];
      wx += scale * (sx * across[f + 1u] - cx * across[f]);
      wy += scale * (sy * down[f + 1u] - cy * down[f]);
      scale += scale;
      row += 4u * first;
    }
    here[j] = sine(z) * damped(wx * params.blur.x) * damped(wy * params.blur.y);
  }
  at = select(at + (4u + 2u * n) * first, at, encoder > 0u);

  var inputs = first;
  for (var layer = 0u; layer < params.grid.w; layer++) {
    for (var j = 0u; j < tile.width; j++) {
      var z = weights[at + j];
      var row = at + tile.width + j;
      for (var i = 0u; i < inputs; i++) {
        let h = here[i];
        z += h.x * weights[row] + h.y * weights[row + tile.width] + h.z * weights[row + 2u * tile.width]
          + h.w * weights[row + 3u * tile.width];
        row += 4u * tile.width;
      }
      there[j] = sine(z);
    }
    at += (1u + 4u * inputs) * tile.width;
    inputs = tile.width;
    for (var j = 0u; j < tile.width; j++) { here[j] = there[j]; }
  }

  var color = weights[at];
  for (var i = 0u; i < inputs; i++) {
    let h = here[i];
    let row = at + 1u + 4u * i;
    color += h.x * weights[row] + h.y * weights[row + 1u] + h.z * weights[row + 2u] + h.w * weights[row + 3u];
  }
  return color.xyz;
}

fn sampleAt(at: vec2f) -> vec3f {
  let side = params.tiles.xy;
  let count = vec2i(params.grid.xy);
  let middle = vec2i(floor(at / side));
  var color = vec3f(0.0);
  for (var row = middle.y - 1; row <= middle.y + 1; row++) {
    if (row < 0 || row >= count.y) { continue; }
    let fadeY = fade(at.y, row, count.y, side.y, params.tiles.w);
    if (fadeY <= 0.0) { continue; }
    for (var column = middle.x - 1; column <= middle.x + 1; column++) {
      if (column < 0 || column >= count.x) { continue; }
      let fadeX = fade(at.x, column, count.x, side.x, params.tiles.z);
      if (fadeX <= 0.0) { continue; }
      let tile = tiles[row * count.x + column];
      let local = 2.0 * (at - vec2f(f32(column), f32(row)) * side) / side - 1.0 + vec2f(tile.u, tile.v);
      color += fadeX * fadeY * colorOf(tile, local.x, local.y);
    }
  }
  return color;
}

@compute @workgroup_size(${GROUP_SIDE}, ${GROUP_SIDE})
fn decode(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.size.x || id.y >= params.size.y) { return; }
  var color = vec3f(0.0);
  for (var grid = 0u; grid < params.more.y; grid++) {
    for (var j = 0u; j < params.size.w; j++) {
      for (var i = 0u; i < params.size.z; i++) {
        let place = vec2f(vec2u(id.x * params.size.z + i, id.y * params.size.w + j)) + 0.5 + params.offsets[grid].xy;
        color += sampleAt(params.region.xy + place * params.region.zw);
      }
    }
  }
  let bytes = vec3u(clamp(round(color * params.time.w), vec3f(0.0), vec3f(255.0)));
  pixels[id.y * params.size.x + id.x] = bytes.x | (bytes.y << 8) | (bytes.z << 16) | 0xff000000u;
}
`;
