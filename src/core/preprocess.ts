/** Turns the bytes of an image file into a model's input pixels and a thumbnail. The one importer of sharp; runs in the decoder process. */
import sharp, { type KernelEnum, type SharpOptions } from 'sharp';
import type { Cell, ImageFormat } from '../protocol';
import { atlasCells, cut, distinctCells, type Raster, type Split } from './cells';
import { messageOf, SkipError } from '../errors';
import { detectFormat, isGzip } from './imageFormat';
import type { ImageSpec, Interpolation } from '../models/manifest';
import { corrupt } from './raster';
import { openRaster } from './rasterDecoders';
import { isOpaque, resample, type Window } from './resample';
import { findGrid, mayHoldGrid } from './spriteGrid';
import { guardSvg, unpackSvg, withViewBox } from './svgGuard';

/** Longest side of a thumbnail. */
export const thumbnailSize = 192;
/** Behind images whose opaque pixels are bright. The background of VS Code's dark themes. */
const darkBackground = 0x1e;
const lightBackground = 0xff;
/** Mean luminance (0-1) above which an image counts as bright. */
const brightLuminance = 0.6;
/** Resolution at which one CSS px of an SVG is one pixel, in libvips. */
const cssDensity = 72;
const maxDensity = 100_000;
/** Frames of an animation that are looked at, and the longest side at which. */
const framesTried = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144];
const frameSize = 64;
/** Longest side at which an image is looked at before it is called clear. */
const clearSize = 1024;
/** Canvas pixels up to the last frame that is looked at: 0.2 s of a GIF. */
const maxFramePixels = 32_000_000;
/** A frame is uniform when fewer than this share of its pixels are further than this (0-255) from their mean. */
const uniformShare = 0.005;
const uniformTolerance = 16;
const sharpKernels: Record<Interpolation, keyof KernelEnum> = {
  // 'cubic' is Catmull-Rom (a = -0.5) and 'linear' a triangle, both widened when shrinking, as in Pillow.
  bicubic: 'cubic', bilinear: 'linear', lanczos: 'lanczos3', nearest: 'nearest',
};

/**
 * Images that are cropped or squashed are reduced to this many times the model's size when they are `minReduction` times that or larger; what then remains is exact.
 * Photographs differ by less than 0.3 of 255 on average from one exact step.
 */
const exactReduction = 3;
const minReduction = 4 / 3;
/** From this reduction on libvips averages squares of pixels first. */
const boxReduction = 4;
/** Pixels along the border whose filter reaches beyond it: 3 of the widest, Lanczos. */
const borderWidth = 3;
/** Of a long strip the reduced image would be large. */
const maxReducedPixels = 4_000_000;

/** 'error' refuses truncated and damaged files; 'warning' would also refuse sound ones with an odd profile or trailing bytes. */
const rasterOptions: SharpOptions = { autoOrient: true, failOn: 'error', pages: 1 };

export interface Preprocessed {
  format: ImageFormat;
  /** Of the oriented image; of an SVG in CSS px. */
  width: number;
  height: number;
  /** Of an SVG, else empty. */
  title: string;
  /** size * size * 3 bytes, RGB interleaved. */
  pixels?: Uint8Array;
  /** WebP, within 192 x 192, transparency kept. */
  thumbnail?: Uint8Array;
  /** Of a sheet. The pixels of those that the limit of the answer has room for, the first ones. */
  cells?: CutCell[];
}

export interface CutCell { cell: Cell; pixels?: Uint8Array; thumbnail?: Uint8Array }

export interface Wanted {
  image?: ImageSpec;
  thumbnail: boolean;
  /** 'cells' answers with these cells alone, in their order; the whole is left out. */
  split?: Split;
  cellThumbnails?: boolean;
}

/** Pixels of cells in one answer: 1,024 cells for a model of 64 px, 106 for one of 224 px. */
const maxCellBytes = 16 * 2 ** 20;
/** Above this many pixels one sheet after the other is unpacked whole: each takes 4 bytes a pixel. */
const largeSheetPixels = 4_000_000;
/** Larger ones are not cut: unpacked, one takes 256 MB. */
const maxSheetPixels = 64_000_000;

/**
 * A raster image is decoded once, reduced to a small multiple of the model's size (at least to a thumbnail's); pixels and thumbnail are made from that.
 * An SVG is rendered for each: 1.1 ms at 64 px and 1.6 ms at 192 px, where reducing one to the other costs 2.5 ms, and sharper.
 * Throws SkipError.
 */
export async function preprocess(bytes: Uint8Array, wanted: Wanted, maxPixels: number): Promise<Preprocessed> {
  if (bytes.length === 0) { throw new SkipError('empty', 'The file is empty.', 'Restore its contents, or delete it.'); }
  const content = isGzip(bytes) ? await unpackSvg(bytes) : bytes;
  const detected = detectFormat(content);
  if ('unsupported' in detected) {
    throw new SkipError('unsupportedFormat', detected.unsupported === 'unknown' ? 'The file holds no image in a known format.' : `The file is ${detected.unsupported}, which cannot be decoded here.`, detected.remedy);
  }
  const longest = Math.max(thumbnailSize, (wanted.image?.resize === 'pad' ? 2 : exactReduction) * (wanted.image?.size ?? 0));
  const source = detected.format === 'svg' ? await openSvg(content, maxPixels) : await openPixels(detected.format, content, longest, maxPixels);
  const result: Preprocessed = { format: detected.format, width: source.width, height: source.height, title: source.title };
  const { image, split } = wanted;
  let raster: Raster | undefined;
  let full: Raster | undefined;
  if (split && mayBeSheet(source, split)) {
    const reduceTo = image && split.by === 'grid' && !source.transparent ? reducedSize(source, image) : undefined;
    // What has no alpha is mostly a photograph or a screenshot: of a large one the corners of the reduced image tell, and it is not unpacked whole.
    if (reduceTo && Math.max(source.width, source.height) > Math.max(reduceTo.width, reduceTo.height)) { raster = await reduce(source, reduceTo, sharpKernels[image!.interpolation]); }
    if (!raster || cornersAlike(raster)) { full = await unpack(source); }
  }
  if (full && split) {
    const cells = split.by === 'cells' ? split.cells : distinctCells(full, split.by === 'atlas' ? atlasCells(split.atlas, full.width, full.height) : findGrid(full));
    if (cells.length > 0) { result.cells = await cutCells(full, cells, wanted); }
  }
  if (split?.by === 'cells') { return result; }
  if (image) {
    const [reduceTo, kernel] = [reducedSize(source, image), sharpKernels[image.interpolation]] as const;
    raster ??= full ? await shrink(full, reduceTo, kernel) : await reduce(source, reduceTo, kernel);
    // Fine specks may be lost in the reduced image: what looks clear is looked at once more, larger.
    if (source.transparent && isClear(raster) && isClear(full ?? await reduce(source, within(clearSize), kernel))) {
      throw new SkipError('empty', 'Nothing of the image is visible: all of it is transparent.', 'Give it something to draw, or delete it.');
    }
    result.pixels = await modelPixels(raster, source, image);
  }
  if (wanted.thumbnail) {
    result.thumbnail = await makeThumbnail(raster && !source.vector ? raster : await reduce(source, within(thumbnailSize), 'cubic'), source.vector);
  }
  return result;
}

/** Told from the header. */
function mayBeSheet(source: Source, split: Split): boolean {
  return !source.vector && !source.reduced && source.width * source.height <= maxSheetPixels && (split.by !== 'grid' || mayHoldGrid(source));
}

/** Whether the four corners have about the same colour, as the ground of a sheet has. */
function cornersAlike({ data, width, height }: Raster): boolean {
  const corners = [0, width - 1, width * (height - 1), width * height - 1];
  return [0, 1, 2].every(channel => {
    const values = corners.map(pixel => data[4 * pixel + channel]!);
    return Math.max(...values) - Math.min(...values) <= 32;
  });
}

/** All pixels of an image that may be a sheet. */
async function unpack(source: Source): Promise<Raster> {
  const { width, height } = source;
  const decode = (): Promise<Raster> => reduce(source, within(Math.max(width, height)), 'cubic');
  if (width * height <= largeSheetPixels) { return decode(); }
  const turn = largeSheets.then(decode);
  largeSheets = turn.catch(() => undefined);
  return turn;
}
let largeSheets: Promise<unknown> = Promise.resolve();

async function cutCells(full: Raster, cells: readonly Cell[], { image, cellThumbnails }: Wanted): Promise<CutCell[]> {
  const withPixels = image ? Math.max(1, Math.floor(maxCellBytes / (3 * image.size ** 2))) : 0;
  const list: CutCell[] = [];
  for (const [index, cell] of cells.entries()) {
    const pixels = index < withPixels || cellThumbnails ? cut(full, cell) : undefined;
    list.push({
      cell,
      ...(index < withPixels && { pixels: await modelPixels(await shrink(pixels!, reducedSize({ vector: false, ...pixels! }, image!), sharpKernels[image!.interpolation]), pixels!, image!) }),
      ...(cellThumbnails && { thumbnail: await makeThumbnail(pixels!, true) }),
    });
  }
  return list;
}

/** An image whose header was read, with the options that sharp opens it with. */
interface Source { input: Uint8Array; options: SharpOptions; /** Holds fewer pixels than its file. */ reduced: boolean; vector: boolean; format: ImageFormat; transparent: boolean; width: number; height: number; title: string; maxPixels: number }

/** `longest` is the longest side that anything here needs of an image that is not a strip. */
async function openPixels(format: ImageFormat, bytes: Uint8Array, longest: number, maxPixels: number): Promise<Source> {
  const opened = openRaster(format, bytes);
  if (opened && 'decode' in opened) {
    const { width, height } = opened;
    if (width * height > maxPixels) { throw tooManyPixels(width, height, maxPixels); }
    // Of a strip the model sees a part: see reducedSize.
    const raster = await opened.decode(Math.min(8 * longest, Math.ceil(longest * Math.max(width, height) / Math.min(width, height))));
    return { input: raster.data, options: { raw: { width: raster.width, height: raster.height, channels: 4 } }, reduced: raster.width < width || raster.height < height, vector: false, format, transparent: true, width, height, title: '', maxPixels };
  }
  const input = opened?.png ?? bytes;
  const metadata = await attempt(() => sharp(input, { ...rasterOptions, limitInputPixels: false }).metadata());
  const { width, height } = metadata.autoOrient;
  if (width * height > maxPixels) { throw tooManyPixels(width, height, maxPixels); }
  const source: Source = { input, options: rasterOptions, reduced: false, vector: false, format, transparent: metadata.hasAlpha, width, height, title: '', maxPixels };
  const { pages = 1 } = metadata;
  return (format === 'gif' || format === 'webp') && pages > 1 ? { ...source, options: { ...rasterOptions, page: await meaningfulFrame(source, pages) } } : source;
}

/**
 * The first frame of an animation that shows something: many begin blank, or fade in. Frames further and further apart are looked at,
 * few of them and small: a frame of a GIF is decoded from all before it.
 */
async function meaningfulFrame(source: Source, pages: number): Promise<number> {
  const reachable = Math.min(pages - 1, maxFramePixels / (source.width * source.height));
  for (const page of framesTried) {
    if (page > reachable) { break; }
    try {
      if (!isUniform((await reduce({ ...source, options: { ...rasterOptions, page } }, within(frameSize), 'cubic')).data)) { return page; }
    } catch {
      // What comes first is shown, as by a player that stops here; if even that is damaged, decoding it says so.
      break;
    }
  }
  return 0;
}

function isClear({ data }: Raster): boolean {
  for (let at = 3; at < data.length; at += 4) { if (data[at] !== 0) { return false; } }
  return true;
}

/** All but a few RGBA pixels are about the same, transparent ones included. */
function isUniform(rgba: Uint8Array): boolean {
  const pixels = rgba.length / 4;
  const channelOf = (at: number, channel: number) => channel === 3 ? rgba[at + 3]! : rgba[at + channel]! * rgba[at + 3]! / 255;
  const means = [0, 0, 0, 0];
  for (let at = 0; at < rgba.length; at += 4) { for (let channel = 0; channel < 4; channel++) { means[channel]! += channelOf(at, channel) / pixels; } }
  let different = 0;
  for (let at = 0; at < rgba.length; at += 4) {
    if (means.some((mean, channel) => Math.abs(channelOf(at, channel) - mean) > uniformTolerance)) { different++; }
  }
  return different < uniformShare * pixels;
}

async function openSvg(bytes: Uint8Array, maxPixels: number): Promise<Source> {
  const guarded = guardSvg(bytes);
  const { width, height } = await svgSize(guarded.bytes);
  return { input: guarded.sized ? guarded.bytes : withViewBox(guarded, width, height), options: { failOn: 'error' }, reduced: false, vector: true, format: 'svg', transparent: true, width, height, title: guarded.title, maxPixels };
}

/** Size in CSS px. */
async function svgSize(bytes: Buffer): Promise<{ width: number; height: number }> {
  try {
    const { width, height } = await sharp(bytes, { density: cssDensity, limitInputPixels: false }).metadata();
    return { width, height };
  } catch (error) {
    if (!/bad dimensions/.test(messageOf(error))) { throw corrupt(firstLine(error)); }
    throw new SkipError('empty', 'The SVG draws nothing, or has no size.', 'Give it a width, a height and a viewBox, and something to draw.');
  }
}

/** What a decoded image is reduced to: 'inside' keeps its shape, 'fill' takes both sides as they are. */
interface Size { width: number; height: number; fit: 'inside' | 'fill' }

function within(longest: number): Size { return { width: longest, height: longest, fit: 'inside' }; }

/** Size of the reduced image: enough for the model, and of a raster image for the thumbnail. */
function reducedSize({ vector, width, height }: Pick<Source, 'vector' | 'width' | 'height'>, { size, resize }: ImageSpec): Size {
  if (vector) {
    // Cropped and squashed images need it across; a strip's length is bounded.
    return within(resize === 'pad' ? size : Math.min(8 * size, Math.ceil(size * Math.max(width, height) / Math.min(width, height))));
  }
  if (resize === 'pad') { return within(Math.max(thumbnailSize, 2 * size)); }
  const side = Math.max(thumbnailSize, exactReduction * size);
  const by = (factor: number): number => factor < minReduction ? 1 : factor;
  const both = by(Math.max(Math.min(width, height) / side, Math.sqrt(width * height / maxReducedPixels)));
  const [across, down] = resize === 'squash' ? [by(width / side), by(height / side)] : [both, both];
  return { width: Math.max(1, Math.round(width / across)), height: Math.max(1, Math.round(height / down)), fit: 'fill' };
}

/** Decodes, at most of this size; an SVG is rendered at that size, however small or large it says it is. */
async function reduce(source: Source, to: Size, kernel: keyof KernelEnum): Promise<Raster> {
  const { input, vector, width, height, maxPixels } = source;
  // A strip is at least one pixel wide.
  const scale = Math.min(Math.max(to.width / Math.max(width, height), 1 / Math.min(width, height)), Math.sqrt(maxPixels / (width * height)));
  const options: SharpOptions = vector ? { ...source.options, density: Math.min(maxDensity, Math.max(1, cssDensity * scale)) } : source.options;
  const { data, info } = await attempt(() => sharp(input, { ...options, limitInputPixels: maxPixels })
    .resize(to.width, to.height, { fit: to.fit, kernel, withoutEnlargement: true })
    .toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true }));
  return { data, width: info.width, height: info.height };
}

/** As {@link reduce}, of pixels that are unpacked already. */
async function shrink(raster: Raster, to: Size, kernel: keyof KernelEnum): Promise<Raster> {
  if (raster.width <= to.width && raster.height <= to.height) { return raster; }
  const { data, info } = await attempt(() => sharp(raster.data, { raw: { width: raster.width, height: raster.height, channels: 4 } })
    .resize(to.width, to.height, { fit: to.fit, kernel }).raw().toBuffer({ resolveWithObject: true }));
  return { data, width: info.width, height: info.height };
}

/** `raster` shows all of an image of the size `whole`. */
async function modelPixels(raster: Raster, whole: { width: number; height: number }, image: ImageSpec): Promise<Uint8Array> {
  const { size, interpolation } = image;
  switch (image.resize) {
    case 'squash': return flatten(await resizeExactly(raster, size, size, { left: 0, top: 0, width: size, height: size }, interpolation), size);
    case 'crop': {
      // As CLIP's image processor: shortest side to `size`, the other rounded down, then the middle.
      const short = Math.min(whole.width, whole.height);
      const [width, height] = [Math.floor(size * whole.width / short), Math.floor(size * whole.height / short)];
      return flatten(await resizeExactly(raster, width, height, { left: Math.floor((width - size) / 2), top: Math.floor((height - size) / 2), width: size, height: size }, interpolation), size);
    }
    case 'pad': {
      const { width, height } = raster;
      const scale = size / Math.max(width, height);
      return flatten(await resize(raster, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)), image.interpolation), size);
    }
  }
}

/**
 * The window of the raster resized as published models do it. An opaque image that is reduced a little is left to libvips, three times as fast as our own loop: one axis after
 * the other, in Pillow's order, since both keep what a pass overshoots within 0-255; only at the image's border it counts otherwise.
 */
async function resizeExactly(raster: Raster, width: number, height: number, window: Window, interpolation: Interpolation): Promise<Raster> {
  const opaque = isOpaque(raster);
  const reductions = [raster.width / width, raster.height / height];
  if (!opaque || !reductions.every(each => each >= 1 && each < boxReduction) || interpolation === 'nearest' || Math.min(window.width, window.height) <= 2 * borderWidth) {
    return resample(raster, width, height, window, interpolation, opaque);
  }
  const kernel = sharpKernels[interpolation];
  const across = await attempt(() => sharp(raster.data, { raw: { width: raster.width, height: raster.height, channels: 4 } }).removeAlpha()
    .resize(width, raster.height, { fit: 'fill', kernel }).extract({ ...window, top: 0, height: raster.height }).raw().toBuffer());
  const data = await attempt(() => sharp(across, { raw: { width: window.width, height: raster.height, channels: 3 } })
    .resize(window.width, height, { fit: 'fill', kernel }).extract({ ...window, left: 0 }).ensureAlpha().raw().toBuffer());
  for (const strip of [
    { left: 0, top: 0, width: borderWidth, height: window.height }, { left: window.width - borderWidth, top: 0, width: borderWidth, height: window.height },
    { left: 0, top: 0, width: window.width, height: borderWidth }, { left: 0, top: window.height - borderWidth, width: window.width, height: borderWidth },
  ]) {
    const exact = resample(raster, width, height, { ...strip, left: window.left + strip.left, top: window.top + strip.top }, interpolation, opaque);
    for (let y = 0; y < strip.height; y++) { data.set(exact.data.subarray(y * strip.width * 4, (y + 1) * strip.width * 4), ((strip.top + y) * window.width + strip.left) * 4); }
  }
  return { data, width: window.width, height: window.height };
}

async function resize(raster: Raster, width: number, height: number, interpolation: Interpolation): Promise<Raster> {
  if (raster.width === width && raster.height === height) { return raster; }
  const { data } = await attempt(() => sharp(raster.data, { raw: { width: raster.width, height: raster.height, channels: 4 } })
    .resize(width, height, { fit: 'fill', kernel: sharpKernels[interpolation] }).raw().toBuffer({ resolveWithObject: true }));
  return { data, width, height };
}

/** Lays the raster in the middle of a size x size square of its background; RGB interleaved. */
function flatten(raster: Raster, size: number): Uint8Array {
  const background = contrastBackground(raster.data);
  const pixels = new Uint8Array(size * size * 3).fill(background);
  const left = Math.floor((size - raster.width) / 2);
  const top = Math.floor((size - raster.height) / 2);
  for (let y = 0; y < raster.height; y++) {
    for (let x = 0; x < raster.width; x++) {
      const from = (y * raster.width + x) * 4;
      const to = ((top + y) * size + left + x) * 3;
      const alpha = raster.data[from + 3]! / 255;
      for (let channel = 0; channel < 3; channel++) {
        pixels[to + channel] = Math.round(raster.data[from + channel]! * alpha + background * (1 - alpha));
      }
    }
  }
  return pixels;
}

/**
 * Grey value (0-255) behind RGBA pixels: dark when what is drawn is bright, so that a white icon does not vanish; white for dark,
 * for fully transparent and for opaque images (where it only pads).
 */
export function contrastBackground(rgba: Uint8Array): number {
  let weight = 0;
  let sum = 0;
  let opaque = true;
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3]!;
    if (alpha !== 255) { opaque = false; }
    weight += alpha;
    // Luma of Rec. ITU-R BT.709.
    sum += alpha * (0.2126 * rgba[at]! + 0.7152 * rgba[at + 1]! + 0.0722 * rgba[at + 2]!);
  }
  if (opaque || weight === 0) { return lightBackground; }
  return sum / weight / 255 > brightLuminance ? darkBackground : lightBackground;
}

async function makeThumbnail(raster: Raster, drawing: boolean): Promise<Uint8Array> {
  // Of flat drawings lossless files are smaller (2.8 KB for 3.5) and faster (2.2 ms for 3.5).
  const options = drawing ? { effort: 0, lossless: true } : { effort: 0, quality: 80, alphaQuality: 90 };
  return attempt(() => sharp(raster.data, { raw: { width: raster.width, height: raster.height, channels: 4 } })
    .resize(thumbnailSize, thumbnailSize, { fit: 'inside', withoutEnlargement: true }).webp(options).toBuffer());
}

/** sharp's message is for programmers; what it means for the file is always the same. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try { return await work(); } catch (error) { throw corrupt(firstLine(error)); }
}

function firstLine(error: unknown): string { return messageOf(error).split('\n')[0]!; }

function tooManyPixels(width: number, height: number, maxPixels: number): SkipError {
  return new SkipError('tooManyPixels', `The image has ${width} x ${height} pixels, more than the limit of ${Math.round(maxPixels / 1e6)} megapixels.`,
    'Raise the limit ("assetSearch.maxMegapixels" or --max-megapixels), or shrink the image.');
}

/** Once per process, before the first image: no cache of decoded files, and threads over images instead of inside one. */
export function configureSharp(): void {
  sharp.cache(false);
  sharp.concurrency(1);
}
