/** Reads QOI. Source: The Quite OK Image Format, Specification 1.0 (qoiformat.org): one page, shorter than a dependency. */
import { corrupt, demand, viewOf, type Picture, type RowCollector } from './raster';

export function openQoi(bytes: Uint8Array): Picture {
  demand(bytes, 0, 14);
  const view = viewOf(bytes);
  const [width, height] = [view.getUint32(4), view.getUint32(8)];
  if (width === 0 || height === 0) { throw corrupt('it has no width or height'); }
  return { width, height, paint: rows => paint(bytes, width, height, rows) };
}

function paint(bytes: Uint8Array, width: number, height: number, rows: RowCollector): void {
  const seen = new Uint8Array(64 * 4);
  let [red, green, blue, alpha] = [0, 0, 0, 255];
  let at = 14;
  let run = 0;
  for (let y = 0; y < height; y++) {
    for (let to = 0; to < width * 4; to += 4) {
      if (run > 0) {
        run--;
      } else {
        demand(bytes, at, 1);
        const head = bytes[at++]!;
        if (head >= 0xfe) {
          demand(bytes, at, head - 0xfb);
          [red, green, blue] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
          if (head === 0xff) { alpha = bytes[at + 3]!; }
          at += head - 0xfb;
        } else if (head >= 0xc0) {
          run = head & 63;
        } else if (head >= 0x80) {
          demand(bytes, at, 1);
          const difference = (head & 63) - 32;
          const others = bytes[at++]!;
          red = red + difference + (others >> 4) - 8 & 255;
          green = green + difference & 255;
          blue = blue + difference + (others & 15) - 8 & 255;
        } else if (head >= 0x40) {
          red = red + (head >> 4 & 3) - 2 & 255;
          green = green + (head >> 2 & 3) - 2 & 255;
          blue = blue + (head & 3) - 2 & 255;
        } else {
          [red, green, blue, alpha] = [seen[head * 4]!, seen[head * 4 + 1]!, seen[head * 4 + 2]!, seen[head * 4 + 3]!];
        }
        const place = (red * 3 + green * 5 + blue * 7 + alpha * 11) % 64 * 4;
        seen[place] = red;
        seen[place + 1] = green;
        seen[place + 2] = blue;
        seen[place + 3] = alpha;
      }
      rows.row[to] = red;
      rows.row[to + 1] = green;
      rows.row[to + 2] = blue;
      rows.row[to + 3] = alpha;
    }
    rows.commit(y);
  }
}
