// Arithmetic on pictures, to the grey the same as OpenCV's, which the server uses
// (ml/vision/face_crop.py, decode.py). A picture is {data, width, height}, as ImageData
// has it: four bytes a pixel, or one where it is grey.

const { fround } = Math;

// Half to even, as Python and OpenCV round.
export function round(value) {
  const near = Math.round(value);
  return Math.abs(value % 1) === 0.5 && near % 2 ? near - 1 : near;
}

function blank(width, height, channels = 4) {
  const data = new Uint8ClampedArray(width * height * channels); // rounds half to even
  return { data, width, height };
}

function channelsOf({ data, width, height }) {
  return data.length / (width * height);
}

// Places outside 0…size-1 folded back, the edge itself not repeated.
function reflected(place, size) {
  if (size === 1) return 0;
  const turn = 2 * (size - 1);
  const at = Math.abs(place) % turn;
  return Math.min(at, turn - at);
}

// A part of a picture; what lies outside is its reflection.
export function part(picture, left, top, width, height) {
  const out = blank(width, height);
  const from = new Uint32Array(picture.data.buffer, picture.data.byteOffset);
  const to = new Uint32Array(out.data.buffer);
  const columns = Array.from({ length: width }, (_, i) => reflected(left + i, picture.width));
  for (let y = 0; y < height; y++) {
    const row = reflected(top + y, picture.height) * picture.width;
    for (let x = 0; x < width; x++) to[y * width + x] = from[row + columns[x]];
  }
  return out;
}

export function square(picture, left, top, side) {
  return part(picture, left, top, side, side);
}

// Larger by a border of one grey on every side.
export function framed(picture, border, grey) {
  const out = blank(picture.width + 2 * border, picture.height + 2 * border);
  out.data.fill(grey);
  for (let y = 0; y < picture.height; y++) {
    const row = picture.data.subarray(4 * y * picture.width, 4 * (y + 1) * picture.width);
    out.data.set(row, 4 * ((y + border) * out.width + border));
  }
  return out;
}

// Turned counter-clockwise by quarters.
export function quarterTurned(picture, quarters) {
  let turned = picture;
  for (let done = 0; done < quarters; done++) turned = onceTurned(turned);
  return turned;
}

function onceTurned({ data, width, height }) {
  const out = blank(height, width);
  const from = new Uint32Array(data.buffer, data.byteOffset);
  const to = new Uint32Array(out.data.buffer);
  for (let y = 0; y < width; y++) {
    for (let x = 0; x < height; x++) to[y * height + x] = from[x * width + width - 1 - y];
  }
  return out;
}

export function greyOf({ data, width, height }) {
  const out = blank(width, height, 1);
  for (let i = 0, at = 0; i < out.data.length; i++, at += 4) {
    const sum = 9798 * data[at] + 19235 * data[at + 1] + 3735 * data[at + 2];
    out.data[i] = (sum + (1 << 14)) >> 15;
  }
  return out;
}

// --- another size

// Smaller by averaging areas, larger by cubics.
export function resize(picture, width, height) {
  const isSmaller = width < picture.width || height < picture.height;
  return resampled(picture, width, height, isSmaller ? areas : cubics);
}

// Averages areas, whether smaller or larger.
export function resizeByAreas(picture, width, height) {
  return resampled(picture, width, height, areas);
}

// Reduced to a longer side of `maxSide` where it is larger.
export function fit(picture, maxSide) {
  const scale = Math.min(1, maxSide / Math.max(picture.width, picture.height));
  if (scale === 1) return picture;
  const [width, height] = [picture.width, picture.height].map((side) => round(side * scale));
  return resize(picture, Math.max(1, width), Math.max(1, height));
}

// `taps(from, to)`: for each place of a row of `to`, [first place in `from`, weights].
// In single precision, as OpenCV computes, so that what lies halfway is rounded alike.
function resampled(picture, width, height, taps) {
  const channels = channelsOf(picture);
  const narrow = new Float32Array(width * picture.height * channels);
  addRows(picture, narrow, taps(picture.width, width), channels);
  const out = blank(width, height, channels);
  // A half is rounded to even, but up where the size is halved, as OpenCV does it.
  const lift = picture.width === 2 * width && picture.height === 2 * height ? 0.125 : 0;
  addColumns(narrow, out.data, taps(picture.height, height), lift);
  return out;
}

function addRows({ data, width, height }, out, taps, channels) {
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (const [first, weights] of taps) {
      for (let channel = 0; channel < channels; channel++, to++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) {
          const at = Math.min(width - 1, Math.max(0, first + i));
          sum = fround(sum + fround(weights[i] * data[(row + at) * channels + channel]));
        }
        out[to] = sum;
      }
    }
  }
}

function addColumns(rows, out, taps, lift) {
  const length = out.length / taps.length;
  const height = rows.length / length;
  const sum = new Float32Array(length);
  taps.forEach(([first, weights], y) => {
    sum.fill(lift);
    weights.forEach((weight, i) => {
      const from = Math.min(height - 1, Math.max(0, first + i)) * length;
      for (let x = 0; x < length; x++) sum[x] += fround(weight * rows[from + x]);
    });
    out.set(sum, y * length);
  });
}

// Source: OpenCV's computeResizeAreaTab; larger, its linear weights for areas.
function areas(from, to) {
  const scale = from / to;
  return Array.from({ length: to }, (_, place) =>
    scale >= 1 ? shrunk(place * scale, scale, from) : stretched(place, scale, from),
  );
}

function shrunk(start, scale, from) {
  const cell = Math.min(scale, from - start);
  const end = Math.min(start + scale, from);
  const [first, last] = [Math.floor(start + 1e-6), Math.ceil(end - 1e-6)];
  const weights = [];
  for (let at = first; at < last; at++) {
    weights.push((Math.min(end, at + 1) - Math.max(start, at)) / cell);
  }
  return [first, Float32Array.from(weights)];
}

function stretched(place, scale, from) {
  const first = Math.floor(place * scale);
  const beyond = place + 1 - (first + 1) / scale;
  const share = beyond <= 0 ? 0 : beyond - Math.floor(beyond);
  return first + 1 < from ? [first, [1 - share, share]] : [from - 1, [1]];
}

// Source: OpenCV's interpolateCubic.
function cubics(from, to) {
  const bend = -0.75;
  return Array.from({ length: to }, (_, place) => {
    const middle = ((place + 0.5) * from) / to - 0.5;
    const first = Math.floor(middle);
    const x = middle - first;
    const far = (t) => ((bend * t - 5 * bend) * t + 8 * bend) * t - 4 * bend;
    const near = (t) => ((bend + 2) * t - (bend + 3)) * t * t + 1;
    const weights = [far(x + 1), near(x), near(1 - x)];
    return [first - 1, [...weights, 1 - weights[0] - weights[1] - weights[2]]];
  });
}

// --- turned

// The square of a side around (x, y), `pixels` wide, turned counter-clockwise by `roll`
// degrees; outside the picture is its reflection.
export function turnedSquare(picture, x, y, side, { roll, pixels }) {
  const reach = Math.ceil(side / (roll ? Math.SQRT2 : 2)) + 2;
  const [left, top] = [Math.floor(x) - reach, Math.floor(y) - reach];
  const whole = 2 * reach + 1;
  let around = square(picture, left, top, whole);
  let scale = side / pixels;
  if (scale > 2) {
    // Sampling alone would skip pixels.
    const small = round(whole / scale);
    around = resize(around, small, small);
    scale = (scale * small) / whole;
  }
  const ratio = around.width / whole;
  const middle = [(x - left) * ratio - 0.5, (y - top) * ratio - 0.5];
  return sampled(around, middle, scale, (roll * Math.PI) / 180, pixels);
}

// Bilinear, at steps of `scale` along an axis turned by `turn` radians. Places are whole
// 32nds of a pixel, as OpenCV's warpAffine has them, so that all is whole numbers.
function sampled(from, [x, y], scale, turn, pixels) {
  const [across, down] = [scale * Math.cos(turn), scale * Math.sin(turn)];
  const out = blank(pixels, pixels);
  const half = (pixels - 1) / 2;
  const [left, top] = [x - (across - down) * half, y - (down + across) * half];
  const steps = Array.from({ length: pixels }, (_, i) => [across * i, down * i].map(in1024ths));
  for (let row = 0, to = 0; row < pixels; row++) {
    const startX = in1024ths(left - down * row) + 16;
    const startY = in1024ths(top + across * row) + 16;
    for (const [stepX, stepY] of steps) {
      blend(from, (startX + stepX) >> 5, (startY + stepY) >> 5, out.data, to);
      to += 4;
    }
  }
  return out;
}

function in1024ths(value) {
  return round(1024 * value);
}

// (x, y) in 32nds of a pixel.
function blend({ data, width, height }, x, y, out, to) {
  const [right, low] = [x & 31, y & 31];
  const columns = [reflected(x >> 5, width), reflected((x >> 5) + 1, width)];
  const rows = [reflected(y >> 5, height) * width, reflected((y >> 5) + 1, height) * width];
  for (let channel = 0; channel < 4; channel++) {
    const at = (row, column) => data[4 * (rows[row] + columns[column]) + channel];
    const above = (32 - right) * at(0, 0) + right * at(0, 1);
    const below = (32 - right) * at(1, 0) + right * at(1, 1);
    out[to + channel] = ((32 - low) * above + low * below + 512) >> 10;
  }
}
