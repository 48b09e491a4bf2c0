/** Looks at a thumbnail's own pixels to choose what to show behind it: a black icon must be seen in a dark theme, a white one in a light theme. */

/** 'opaque': no ground shows through. 'dark' and 'light': the picture is mostly that. 'mixed': both. 'colour': seen on any ground. */
export type Tone = 'opaque' | 'dark' | 'light' | 'mixed' | 'colour';

const sampleSize = 24;
/** Luminance (0 to 1, Rec. 709 on sRGB values) below and above which a pixel is lost on a dark or a light theme's ground. */
const darkBelow = 0.3;
const lightAbove = 0.8;

export class ToneReader {
  private readonly context: CanvasRenderingContext2D | null;
  private readonly known = new Map<string, Tone>();

  constructor() {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = sampleSize;
    this.context = canvas.getContext('2d', { willReadFrequently: true });
  }

  /** Tone of a content hash that was read before. */
  get(hash: string): Tone | undefined { return this.known.get(hash); }

  /** Reads a loaded image once; 'mixed', which suits every picture, where pixels may not be read. */
  read(hash: string, image: HTMLImageElement): Tone {
    const tone = this.known.get(hash) ?? this.measure(image);
    this.known.set(hash, tone);
    return tone;
  }

  private measure(image: HTMLImageElement): Tone {
    const { context } = this;
    if (!context) { return 'mixed'; }
    try {
      const scale = sampleSize / Math.max(image.naturalWidth, image.naturalHeight, 1);
      const width = Math.max(1, Math.round(image.naturalWidth * scale));
      const height = Math.max(1, Math.round(image.naturalHeight * scale));
      context.clearRect(0, 0, sampleSize, sampleSize);
      context.drawImage(image, 0, 0, width, height);
      return toneOf(context.getImageData(0, 0, width, height).data);
    } catch {
      return 'mixed';   // the canvas is tainted
    }
  }
}

/** Tone of RGBA bytes (straight alpha). */
export function toneOf(rgba: ArrayLike<number>): Tone {
  let seen = 0;
  let clear = 0;
  let dark = 0;
  let light = 0;
  for (let i = 0; i < rgba.length; i += 4) {
    const alpha = rgba[i + 3]! / 255;
    if (alpha < 0.9) { clear++; }
    if (alpha < 0.1) { continue; }
    const luminance = (0.2126 * rgba[i]! + 0.7152 * rgba[i + 1]! + 0.0722 * rgba[i + 2]!) / 255;
    seen += alpha;
    if (luminance < darkBelow) { dark += alpha; } else if (luminance > lightAbove) { light += alpha; }
  }
  if (clear < rgba.length / 4 * 0.02) { return 'opaque'; }
  if (seen === 0) { return 'mixed'; }
  // A tenth of black outline is worth a ground on which it shows; with as much white in it, only a middle grey shows both.
  const manyDark = dark / seen > 0.1;
  const manyLight = light / seen > 0.1;
  if (manyDark && manyLight) { return dark > 4 * light ? 'dark' : light > 4 * dark ? 'light' : 'mixed'; }
  return manyDark ? 'dark' : manyLight ? 'light' : 'colour';
}
