/** English strings with `{0}` placeholders, looked up in the translations the host sent. */

export type Translate = (english: string, ...values: (string | number)[]) => string;

/** A translator over `strings` (English → the user's language); what it lacks stays English. Numbers are written the user's way. */
export function createTranslate(strings: Record<string, string>, language?: string): Translate {
  const numbers = new Intl.NumberFormat(language);
  return (english, ...values) => (strings[english] ?? english).replace(/\{(\d)\}/g, (placeholder, index) => {
    const value = values[Number(index)];
    return value === undefined ? placeholder : typeof value === 'number' ? numbers.format(value) : value;
  });
}

/** "1 asset" or "547 assets": two strings, because languages differ in more than an s. */
export const countOf = (t: Translate, count: number, one: string, many: string): string => count === 1 ? t(one) : t(many, count);

/** "8 s", "2 min", "1 h 5 min". */
export function durationOf(t: Translate, seconds: number): string {
  if (seconds < 90) { return t('{0} s', Math.max(1, Math.round(seconds))); }
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? t('{0} min', minutes) : t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
}

const deviceNames: Readonly<Record<string, string>> = { cpu: 'CPU', cuda: 'CUDA', directml: 'DirectML', coreml: 'CoreML', webgpu: 'WebGPU' };
/** The name of a device, the same in every language. */
export const deviceName = (device: string): string => deviceNames[device] ?? device;

/** "1,204", the user's way. */
export const numberOf = (value: number): string => new Intl.NumberFormat(document.documentElement.lang || undefined).format(value);

/** "2 minutes ago", "yesterday". `at`: milliseconds since 1970. */
export function agoOf(at: number): string {
  const units = [['day', 86_400], ['hour', 3_600], ['minute', 60]] as const;
  const seconds = Math.max(0, (Date.now() - at) / 1000);
  const [unit, length] = units.find(each => seconds >= each[1]) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(document.documentElement.lang || undefined, { numeric: 'auto' }).format(-Math.floor(seconds / length), unit);
}

/** "12 KB", "3.4 MB", the user's way. */
export function bytesOf(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) { size /= 1000; unit++; }
  const digits = size < 10 && unit > 0 ? 1 : 0;
  return `${new Intl.NumberFormat(document.documentElement.lang || undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(size)} ${units[unit]}`;
}
