/**
 * The published preprocessing rule in plain floating point, written from its formulas and independent of the code under test: a separable filter whose support grows with
 * the reduction, its weights normalised (Pillow, "Image resizing: concepts", and Keys 1981 for bicubic with a = -0.5), then crop, squash or pad.
 */
export interface FloatImage { width: number; height: number; /** RGBA, 0-255, alpha not multiplied. */ data: Float64Array }
export type Filter = 'bicubic' | 'bilinear' | 'lanczos';

const sinc = (x: number): number => x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
const filters: Record<Filter, { support: number; weight(distance: number): number }> = {
  bilinear: { support: 1, weight: x => Math.max(0, 1 - x) },
  bicubic: { support: 2, weight: x => x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0 },
  lanczos: { support: 3, weight: x => x < 3 ? sinc(x) * sinc(x / 3) : 0 },
};

/** For each of `to` places the first source place and the weights from there on. */
function weightsOf(from: number, to: number, filter: Filter): { first: number; weights: number[] }[] {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const { support, weight } = filters[filter];
  return Array.from({ length: to }, (_, place) => {
    const centre = (place + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support * stretch + 0.5));
    const end = Math.min(from, Math.floor(centre + support * stretch + 0.5));
    const raw = Array.from({ length: end - first }, (_each, index) => weight(Math.abs((first + index + 0.5 - centre) / stretch)));
    const sum = raw.reduce((total, each) => total + each, 0);
    return { first, weights: raw.map(each => each / sum) };
  });
}

const clamp = (value: number): number => Math.min(255, Math.max(0, value));

/** With alpha multiplied in while resizing, so that the colour of what cannot be seen does not count. */
export function resizeFloat(image: FloatImage, width: number, height: number, filter: Filter): FloatImage {
  const columns = weightsOf(image.width, width, filter);
  const rows = weightsOf(image.height, height, filter);
  const across = new Float64Array(width * image.height * 4);
  for (let y = 0; y < image.height; y++) {
    columns.forEach(({ first, weights }, x) => weights.forEach((weight, index) => {
      const at = (y * image.width + first + index) * 4;
      const alpha = image.data[at + 3]! / 255;
      for (let channel = 0; channel < 4; channel++) { across[(y * width + x) * 4 + channel]! += weight * image.data[at + channel]! * (channel === 3 ? 1 : alpha); }
    }));
  }
  // Pillow keeps the result of the first pass, across, in its 0-255: what overshoots is lost.
  across.forEach((value, at) => { across[at] = clamp(value); });
  const data = new Float64Array(width * height * 4);
  rows.forEach(({ first, weights }, y) => {
    for (let at = 0; at < width * 4; at++) { data[y * width * 4 + at] = weights.reduce((sum, weight, index) => sum + weight * across[(first + index) * width * 4 + at]!, 0); }
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      const alpha = clamp(data[at + 3]!);
      for (let channel = 0; channel < 3; channel++) { data[at + channel] = alpha > 0 ? clamp(data[at + channel]! / alpha * 255) : 0; }
      data[at + 3] = alpha;
    }
  });
  return { width, height, data };
}

/** What the model sees, 0-255, RGB interleaved, `size` pixels a side. `background`: grey behind what is transparent, and around what is padded. */
export function referencePixels(image: FloatImage, resize: 'crop' | 'squash' | 'pad', size: number, filter: Filter, background: (resized: FloatImage) => number): Float64Array {
  const { width, height } = image;
  const scaled = (side: number, by: number): number => Math.max(1, by === Math.min(width, height) ? Math.floor(size * side / by) : Math.round(size * side / by));
  const [toWidth, toHeight] = resize === 'squash' ? [size, size] : resize === 'crop' ? [scaled(width, Math.min(width, height)), scaled(height, Math.min(width, height))]
    : [Math.max(1, Math.round(size * width / Math.max(width, height))), Math.max(1, Math.round(size * height / Math.max(width, height)))];
  const resized = resizeFloat(image, toWidth, toHeight, filter);
  const offset = (side: number): number => resize === 'pad' ? -Math.floor((size - side) / 2) : Math.floor((side - size) / 2);
  const [left, top] = [offset(toWidth), offset(toHeight)];
  const cut: FloatImage = { width: size, height: size, data: new Float64Array(size * size * 4) };
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const [fromX, fromY] = [x + left, y + top];
      if (fromX < 0 || fromY < 0 || fromX >= toWidth || fromY >= toHeight) { continue; }
      for (let channel = 0; channel < 4; channel++) { cut.data[(y * size + x) * 4 + channel] = resized.data[(fromY * toWidth + fromX) * 4 + channel]!; }
    }
  }
  const behind = background(resize === 'pad' ? resized : cut);
  return Float64Array.from({ length: size * size * 3 }, (_, index) => {
    const at = Math.floor(index / 3) * 4;
    const alpha = cut.data[at + 3]! / 255;
    return cut.data[at + index % 3]! * alpha + behind * (1 - alpha);
  });
}
