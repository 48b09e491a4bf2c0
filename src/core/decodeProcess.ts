/** The decoder process: reads, hashes and decodes the files that decoder.ts sends, and writes thumbnails. */
import { createHash } from 'node:crypto';
import { constants, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Decoded, DecodeLimits, DecodeMessage, DecodeReply, DecoderReady, DecodeWork, Hashed } from './decoder';
import { messageOf, SkipError } from '../errors';
import { configureSharp, preprocess } from './preprocess';
import { cellThumbnailFile } from './thumbnails';

function main(): void {
  configureSharp();
  // Without a parent there is nobody to work for.
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message: DecodeMessage) => { void answer(message).then(reply => { send(reply); }); });
  send({ ready: true });
}

function send(message: DecodeReply | DecoderReady): void {
  if (process.connected) { process.send!(message, undefined, undefined, () => {}); }
}

async function answer(message: DecodeMessage): Promise<DecodeReply> {
  const { id, limits } = message;
  try {
    return { id, value: await perform(message, limits) };
  } catch (error) {
    if (error instanceof SkipError) { return { id, skip: { code: error.code, reason: error.reason, remedy: error.remedy } }; }
    return { id, skip: { code: 'internal', reason: `The image could not be processed: ${messageOf(error)}.`, remedy: 'Please report this with the image.' } };
  }
}

async function perform(work: DecodeWork, limits: DecodeLimits): Promise<Hashed | Decoded> {
  const source = work.kind === 'hash' ? { file: work.file } : work.source;
  const bytes = 'file' in source ? await readBounded(source.file, limits.maxFileSizeBytes) : source.bytes;
  if (bytes.length > limits.maxFileSizeBytes) { throw tooLarge(bytes.length, limits.maxFileSizeBytes); }
  const hashed: Hashed = { hash: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length };
  if (work.kind === 'hash') { return hashed; }
  const { thumbnail, image, split } = work;
  const wanted = { thumbnail: thumbnail !== undefined, cellThumbnails: thumbnail !== undefined, ...(image && { image }), ...(split && { split }) };
  const result = await preprocess(bytes, wanted, limits.maxPixels);
  let thumbnailProblem = thumbnail && result.thumbnail && await writeWhole(thumbnail, result.thumbnail);
  for (const each of result.cells ?? []) {
    // One after the other, so that one temporary file does for all.
    if (thumbnail && each.thumbnail) { thumbnailProblem ??= await writeWhole({ ...thumbnail, file: cellThumbnailFile(thumbnail.file, each.cell) }, each.thumbnail); }
  }
  const { format, width, height, title, pixels, cells } = result;
  return { ...hashed, format, width, height, title, ...(thumbnailProblem && { thumbnailProblem }), ...(pixels && { pixels }), ...(cells && { cells: cells.map(each => ({ cell: each.cell, ...(each.pixels && { pixels: each.pixels }) })) }) };
}

async function readBounded(file: string, maxFileSizeBytes: number): Promise<Uint8Array> {
  try {
    // Without O_NONBLOCK (absent on Windows), opening a named pipe waits for somebody to write into it.
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const status = await handle.stat();
      if (!status.isFile()) { throw new SkipError('unreadable', 'It is not a file.', 'Only files are indexed.'); }
      if (status.size > maxFileSizeBytes) { throw tooLarge(status.size, maxFileSizeBytes); }
      if (status.size === 0) { throw new SkipError('empty', 'The file is empty.', 'Restore its contents, or delete it.'); }
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof SkipError) { throw error; }
    if (code === 'ENOENT' || code === 'ENOTDIR') { throw new SkipError('vanished', 'The file no longer exists.', 'Nothing to do: the index follows at its next update.'); }
    if (code === 'EACCES' || code === 'EPERM') { throw new SkipError('unreadable', 'The file may not be read.', 'Grant read permission on it.'); }
    throw new SkipError('unreadable', `The file cannot be read: ${messageOf(error)}.`, 'Check the disk or the network it is on.');
  }
}

function tooLarge(sizeBytes: number, maxFileSizeBytes: number): SkipError {
  const megabytes = (value: number) => `${(value / 1024 / 1024).toFixed(1)} MB`;
  return new SkipError('tooLarge', `The file has ${megabytes(sizeBytes)}, more than the limit of ${megabytes(maxFileSizeBytes)}.`,
    'Raise the limit ("assetSearch.maxFileSizeMB" or --max-file-size), or shrink the image.');
}

/** A reader sees the old file or the new one, never a part. Returns why it could not be written. */
async function writeWhole(thumbnail: { file: string; temporaryFile: string }, bytes: Uint8Array): Promise<string | undefined> {
  try {
    await mkdir(dirname(thumbnail.file), { recursive: true });
    await writeFile(thumbnail.temporaryFile, bytes);
    await rename(thumbnail.temporaryFile, thumbnail.file);
    return undefined;
  } catch (error) {
    await rm(thumbnail.temporaryFile, { force: true }).catch(() => {});
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOSPC' || code === 'EDQUOT' ? `There is no space left for thumbnails in ${dirname(thumbnail.file)}. Free some space, then index again.`
      : `The thumbnail ${thumbnail.file} cannot be written: ${messageOf(error)}.`;
  }
}

main();
