/** Measures which device encodes a model's images fastest here, and whether it gives what the CPU gives; each in a process of its own. */
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DeviceProblem, DeviceReport } from '../protocol';
import { AssetSearchError, cancelled, messageOf } from '../errors';
import type { Device, DeviceSetting, GpuDevice } from './devices';
import { EncodeClient } from './encodeClient';
import { defaultBatchSize } from './encoder';
import { loadModel, type Model } from './model';
import { hasInt8Instructions, thisPlatform } from './platform';

export interface CalibrationOptions {
  /** The bundled encodeProcess.js. */
  processFile: string;
  model: Model;
  threads: number;
  setting: Exclude<DeviceSetting, 'cpu'>;
  /** What is tried besides the CPU. */
  devices: readonly GpuDevice[];
  /** Longest silence of a device. */
  timeoutMs?: number;
}

/** What was found; of the CPU alone when nothing else works. */
export type Calibration = Omit<DeviceReport, 'device' | 'reason'> & { device: Device };

/** Vectors of two devices are the same for our purposes from this cosine on: as near as two versions of a CPU kernel are. */
const minCosine = 0.999;
/** A device has to win by this much: a switch is not for nothing. */
const minGain = 1.1;
const batchSizes = [4, 8, 16, 32];
/** A larger batch has to be faster by this much: it needs more memory and waits longer for a pause. */
const minBatchGain = 1.05;
/** Runs of one batch size are repeated until they took this long together. */
const sizeBudgetMs = 150;
/** No larger batch is tried after this time with one device. */
const deviceBudgetMs = 8_000;
/** A driver may compile for a long time at its first run. */
const defaultTimeoutMs = 60_000;
const pictureCount = 32;

/**
 * Rejects with AssetSearchError 'cancelled', or with what is wrong with the model on the CPU. The CPU is not measured where no other device starts; of those that do
 * and are faster, the fastest that agrees with the CPU is taken. With another setting than 'auto' it need not be faster.
 */
export async function calibrate(options: CalibrationOptions, signal?: AbortSignal): Promise<Calibration> {
  const { processFile, model, threads, setting, devices, timeoutMs = defaultTimeoutMs } = options;
  const clients: EncodeClient[] = [];
  const start = async (device: Device, of = model): Promise<EncodeClient> => {
    if (signal?.aborted) { throw cancelled(); }
    const client = await EncodeClient.start({ processFile, model: of, device, threads, signal, ...(device !== 'cpu' && { timeoutMs }) });
    clients.push(client);
    return client;
  };
  try {
    const pictures = drawPictures(model.manifest.image.size);
    const problems: DeviceProblem[] = [];
    const found: (Speed & { client: EncodeClient; device: Device })[] = [];
    const fails = (device: Device, thrown: unknown): void => {
      if (signal?.aborted) { throw cancelled(); }
      problems.push(problemOf(device, thrown));
    };
    for (const device of devices) {
      try {
        const client = await start(device);
        found.push({ client, device, ...await measure(client, pictures) });
      } catch (thrown) {
        fails(device, thrown);
      }
    }
    if (signal?.aborted) { throw cancelled(); }
    const cpuOnly = { device: 'cpu' as const, batchSize: defaultBatchSize(model), problems };
    if (found.length === 0) { return { ...cpuOnly, rates: [], ...setting === 'auto' && await fasterVariant(model, start, signal) }; }

    const cpu = { client: await start('cpu'), device: 'cpu' as const };
    const own = { ...cpu, ...await measure(cpu.client, pictures) };
    const all = [...found, own].sort((a, b) => b.imagesPerSecond - a.imagesPerSecond);
    const rates = all.map(({ device, imagesPerSecond }) => ({ device, imagesPerSecond }));
    let expected: Float32Array[] | undefined;
    for (const { client, device, batchSize, imagesPerSecond } of all) {
      if (device === 'cpu' || (setting === 'auto' && imagesPerSecond < minGain * own.imagesPerSecond)) { continue; }
      expected ??= await encodeAll(cpu.client, pictures, own.batchSize);
      try {
        const cosine = worstCosine(expected, await encodeAll(client, pictures, batchSize));
        if (cosine >= minCosine) { return { device, batchSize, rates, problems }; }
        problems.push({ device, code: 'wrong', detail: `Of ${pictureCount} pictures, one has a vector whose cosine with the CPU's is ${cosine.toFixed(4)}.` });
      } catch (thrown) {
        fails(device, thrown);
      }
    }
    return { ...cpuOnly, batchSize: own.batchSize, rates, ...setting === 'auto' && await fasterVariant(model, start, signal) };
  } catch (thrown) {
    throw signal?.aborted ? cancelled() : thrown;
  } finally {
    await Promise.all(clients.map(client => client.kill()));
  }
}

/** What a device did, in words of the report. */
export function problemOf(device: Device, thrown: unknown): DeviceProblem {
  const code = thrown instanceof AssetSearchError ? thrown.code : 'internal';
  return { device, code: code === 'deviceUnavailable' ? 'unavailable' : code === 'encoderCrashed' ? 'crashed' : code === 'encoderHung' ? 'hung' : 'failed', detail: messageOf(thrown) };
}

interface Speed { batchSize: number; imagesPerSecond: number }

async function measure(client: EncodeClient, pictures: Uint8Array[], sizes: readonly number[] = batchSizes): Promise<Speed> {
  const started = performance.now();
  let best: Speed | undefined;
  for (const batchSize of sizes) {
    const times: number[] = [];
    const startedSize = performance.now();
    // The first run of a shape compiles or allocates, unless it is so slow that this does not matter.
    do {
      const startedRun = performance.now();
      await client.encode(pictures.slice(0, batchSize), batchSize);
      times.push(performance.now() - startedRun);
    } while (times.length < 2 || performance.now() - startedSize < sizeBudgetMs);
    const imagesPerSecond = batchSize / Math.min(...times) * 1000;
    if (best && imagesPerSecond < minBatchGain * best.imagesPerSecond) { break; }
    best = { batchSize, imagesPerSecond };
    if (performance.now() - started > deviceBudgetMs) { break; }
  }
  return best!;
}

async function encodeAll(client: EncodeClient, pictures: Uint8Array[], batchSize: number): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (let at = 0; at < pictures.length; at += batchSize) { vectors.push(...await client.encode(pictures.slice(at, at + batchSize), batchSize)); }
  return vectors;
}

function worstCosine(expected: Float32Array[], actual: Float32Array[]): number {
  return Math.min(...expected.map((vector, index) => vector.reduce((sum, value, at) => sum + value * (actual[index]?.[at] ?? NaN), 0)).map(cosine => (Number.isNaN(cosine) ? -1 : cosine)));
}

/** Variants lie beside each other in folders of their names. Spaces never mix, so that a faster one is only recommended. */
async function fasterVariant(model: Model, start: (device: Device, of?: Model) => Promise<EncodeClient>, signal: AbortSignal | undefined): Promise<Pick<DeviceReport, 'fasterVariant'>> {
  const parent = dirname(model.folder);
  const siblings: Model[] = [];
  for (const entry of await readdir(parent, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory() || join(parent, entry.name) === model.folder) { continue; }
    // A folder that holds anything else is none of ours.
    const sibling = await loadModel(join(parent, entry.name)).catch(() => undefined);
    if (signal?.aborted) { throw cancelled(); }
    if (sibling?.manifest.id === model.manifest.id && sibling.manifest.variant !== model.manifest.variant
      && (!/int8/i.test(sibling.manifest.variant) || hasInt8Instructions(thisPlatform()))) { siblings.push(sibling); }
  }
  if (siblings.length === 0) { return {}; }
  const rateOf = async (of: Model): Promise<number> => {
    const client = await start('cpu', of);
    const { imagesPerSecond } = await measure(client, drawPictures(of.manifest.image.size), [4]);
    await client.kill();
    return imagesPerSecond;
  };
  const own = await rateOf(model);
  const rates = await siblings.reduce(async (before, sibling) => [...await before, { variant: sibling.manifest.variant, factor: await rateOf(sibling) / own }], Promise.resolve<{ variant: string; factor: number }[]>([]));
  const best = rates.sort((a, b) => b.factor - a.factor)[0]!;
  return best.factor >= 1.3 ? { fasterVariant: best } : {};
}

/** Pictures that differ in colour, shape and detail, the same ones every time: size * size * 3 bytes each, RGB interleaved. */
export function drawPictures(size: number): Uint8Array[] {
  let seed = 1;
  // xorshift32 (Marsaglia 2003).
  const random = (): number => { seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5; return (seed >>> 0) / 2 ** 32; };
  return Array.from({ length: pictureCount }, (_, index) => {
    const [back, front] = [0, 1].map(() => [random() * 255, random() * 255, random() * 255]);
    const [x, y, radius, turn, period] = [random(), random(), 0.1 + 0.3 * random(), random() * Math.PI, 2 + random() * 20];
    /** Share of the front colour at a point of the unit square. */
    const shapes: ((u: number, v: number) => number)[] = [
      (u, v) => Number(Math.hypot(u - x, v - y) < radius),
      (u, v) => Number(Math.abs(u - x) < radius && Math.abs(v - y) < radius),
      (u, v) => 0.5 + 0.5 * Math.sin((u * Math.cos(turn) + v * Math.sin(turn)) * period * Math.PI),
      () => random(),
    ];
    const shape = shapes[index % shapes.length]!;
    const pixels = new Uint8Array(size * size * 3);
    for (let row = 0, at = 0; row < size; row++) {
      for (let column = 0; column < size; column++, at += 3) {
        const share = shape(column / size, row / size);
        for (let channel = 0; channel < 3; channel++) { pixels[at + channel] = back![channel]! + share * (front![channel]! - back![channel]!); }
      }
    }
    return pixels;
  });
}
