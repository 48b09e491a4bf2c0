/** Looks at a thumbnail's own pixels to choose what to show behind it: a black icon must be seen in a dark theme, a white one in a light theme. */

/** 'opaque': no ground shows through. 'dark' and 'light': the picture is mostly that. 'mixed': both. 'colour': seen on any ground. */
export type Tone = 'opaque' | 'dark' | 'light' | 'mixed' | 'colour';

const sampleSize = 24;
/** Luminance (0 to 1, Rec. 709 on sRGB values) below and above which a pixel is lost on a dark or a light theme's ground. */
const darkBelow = 0.3;
const lightAbove = 0.8;
/** Yellow is as bright as white and yet seen on it: light is only what has little colour, that is, much of every channel. */
const leastOfLight = 0.72;
/** Share of such pixels from which a picture would be lost. */
const needsGround = 0.4;

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
    if (luminance < darkBelow) { dark += alpha; } else if (luminance > lightAbove && Math.min(rgba[i]!, rgba[i + 1]!, rgba[i + 2]!) / 255 > leastOfLight) { light += alpha; }
  }
  if (clear < rgba.length / 4 * 0.02) { return 'opaque'; }
  if (seen === 0) { return 'mixed'; }
  // Dark wheels under a red car are not lost with it: only what is dark (or light) for the most part needs a ground of its own.
  const mostlyDark = dark / seen > needsGround;
  const mostlyLight = light / seen > needsGround;
  return mostlyDark ? mostlyLight ? 'mixed' : 'dark' : mostlyLight ? 'light' : 'colour';
}
