/** Shortens file names in the middle, so that the extension and the number before it stay readable. */

/** Characters at the end that stay: "-01.png". */
const tailLength = 8;

export class NameFitter {
  private readonly context: { font: string; measureText(text: string): { width: number } } | null;
  private readonly fitted = new Map<string, string>();
  private width = 0;

  constructor(font: string) {
    this.context = document.createElement('canvas').getContext('2d');
    if (this.context) { this.context.font = font; }
  }

  /** `name`, or as much of it as `width` pixels hold. */
  fit(name: string, width: number): string {
    if (width !== this.width) {
      this.width = width;
      this.fitted.clear();
    }
    let fitted = this.fitted.get(name);
    if (fitted === undefined) {
      fitted = this.shorten(name, width);
      this.fitted.set(name, fitted);
    }
    return fitted;
  }

  private shorten(name: string, width: number): string {
    if (!this.context || this.measure(name) <= width) { return name; }
    const tail = name.slice(-Math.min(tailLength, Math.floor(name.length / 2)));
    const head = [...name.slice(0, name.length - tail.length)];
    let low = 1;
    let high = head.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.measure(`${head.slice(0, middle).join('')}…${tail}`) <= width) { low = middle; } else { high = middle - 1; }
    }
    const start = head.slice(0, low).join('').trimEnd();
    // On the smallest tiles the end has to give way, too.
    let end = tail;
    while (end.length > 1 && this.measure(`${start}…${end}`) > width) { end = end.slice(1); }
    return `${start}…${end}`;
  }

  private measure(text: string): number { return this.context?.measureText(text).width ?? 0; }
}
