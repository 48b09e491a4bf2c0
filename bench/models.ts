/** Speed and memory of CLIP's shapes on each device of this machine, and what the calibration chooses. The weights are random: nothing here says what a model finds. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { calibrate, drawPictures } from '../src/core/calibration';
import { gpuDevicesFor, type Device } from '../src/core/devices';
import { EncodeClient } from '../src/core/encodeClient';
import { createTextEncoder, defaultBatchSize, runtimeVersion } from '../src/core/encoder';
import { loadModel, type Model } from '../src/core/model';
import { messageOf } from '../src/errors';
import { clipShapes, writeClip, type ClipVariant } from './clipGraphs';

const processFile = join(process.cwd(), 'dist', 'encodeProcess.js');
const help = 'node out/bench/models.js [--shape b32|l14|b16|tinyclip|tiny]... [--variant fp32|int8]... [--batch 8]... [--threads 0] [--seconds 5]';

const columns = (cells: string[]): void => console.log(`  ${cells.map((cell, at) => (at === 0 ? cell.padEnd(10) : cell.padStart(14))).join('')}`);
const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`;

/** Highest resident memory of a process; Linux alone tells. What a GPU holds is not in it. */
function peakMemory(pid: number | undefined): string {
  try { return megabytes(Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024); } catch { return 'unknown'; }
}

/** Encoding steps back behind other programs, which is not what is measured here. Linux alone, and only where it is allowed. */
function comeForward(pid: number | undefined): void {
  try { for (const thread of readdirSync(`/proc/${pid}/task`)) { setPriority(Number(thread), 0); } } catch { /* then it competes at its low priority */ }
}

async function benchDevice(model: Model, device: Device, batchSizes: readonly number[], threads: number, seconds: number): Promise<void> {
  const pictures = drawPictures(model.manifest.image.size);
  for (const batchSize of batchSizes) {
    // A process a row: its peak is that of this batch size.
    let client: EncodeClient | undefined;
    try {
      client = await EncodeClient.start({ processFile, model, device, threads, timeoutMs: 180_000 });
      comeForward(client.pid);
      const batch = pictures.slice(0, batchSize);
      await client.encode(batch, batchSize);
      const started = performance.now();
      const times: number[] = [];
      do {
        const startedRun = performance.now();
        await client.encode(batch, batchSize);
        times.push(performance.now() - startedRun);
      } while (performance.now() - started < 1000 * seconds);
      times.sort((a, b) => a - b);
      // Beside other work the best run says most about the machine.
      columns([device, String(batchSize), ...[times[0]!, times[times.length >> 1]!].map(time => (batchSize / time * 1000).toFixed(2)), peakMemory(client.pid)]);
    } catch (thrown) {
      columns([device, String(batchSize), `not possible: ${messageOf(thrown).slice(0, 160)}`]);
      return;
    } finally {
      await client?.kill();
    }
  }
}

async function benchText(model: Model, threads: number): Promise<void> {
  const before = process.memoryUsage.rss();
  const encoder = await createTextEncoder(model, { device: 'cpu', threads });
  for (const words of [5, 75]) {
    const text = Array.from({ length: words }, (_, at) => `word${3 + at % 20}`).join(' ');
    const times: number[] = [];
    for (let run = 0; run < 12; run++) {
      const started = performance.now();
      await encoder.encode([text]);
      times.push(performance.now() - started);
    }
    console.log(`  a text of ${Math.min(words + 2, model.manifest.text.contextLength)} tokens: ${times.sort((a, b) => a - b)[6]!.toFixed(1)} ms (median)`);
  }
  console.log(`  memory of the text tower: ${megabytes(process.memoryUsage.rss() - before)}`);
  await encoder.dispose();
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: {
    shape: { type: 'string', multiple: true, default: ['b32', 'l14'] }, variant: { type: 'string', multiple: true, default: ['fp32', 'int8'] },
    batch: { type: 'string', multiple: true, default: ['1', '4', '8', '16', '32'] }, threads: { type: 'string', default: '0' }, seconds: { type: 'string', default: '5' }, help: { type: 'boolean', default: false },
  } });
  if (values.help) { console.log(help); return; }
  const [threads, seconds] = [Number(values.threads), Number(values.seconds)];
  console.log(`${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ONNX Runtime ${runtimeVersion}. Random weights of CLIP's exact shapes: speed and memory mean something, vectors do not.`);
  for (const name of values.shape) {
    const shape = clipShapes[name as keyof typeof clipShapes];
    if (!shape) { throw new Error(`There is no shape "${name}". ${help}`); }
    const folder = mkdtempSync(join(tmpdir(), 'bench-models-'));
    try {
      for (const variant of values.variant as ClipVariant[]) { writeClip(join(folder, variant), name, shape, variant); }
      for (const variant of values.variant) {
        const model = await loadModel(join(folder, variant));
        console.log(`\n${shape.name}, ${variant}: image tower ${megabytes(model.manifest.files.vision.sizeBytes)}, text tower ${megabytes(model.manifest.files.text.sizeBytes)}; ${defaultBatchSize(model)} images at a time by default`);
        columns(['device', 'batch', 'images/s best', 'median', 'peak memory']);
        for (const device of ['cpu', ...gpuDevicesFor('gpu')] as const) { await benchDevice(model, device, values.batch.map(Number), threads, seconds); }
        await benchText(model, threads);
        const started = performance.now();
        const { device, batchSize, rates, problems, fasterVariant } = await calibrate({ processFile, model, threads, setting: 'auto', devices: gpuDevicesFor('auto') });
        console.log(`  the calibration chooses ${device}, ${batchSize} at a time, after ${((performance.now() - started) / 1000).toFixed(1)} s${rates.map(rate => `; ${rate.device} ${rate.imagesPerSecond.toFixed(2)} images/s`).join('')}`);
        for (const problem of problems) { console.log(`    ${problem.device} ${problem.code}: ${problem.detail.slice(0, 160)}`); }
        if (fasterVariant) { console.log(`    hint: ${fasterVariant.variant} is ${fasterVariant.factor.toFixed(2)} times as fast`); }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

main().catch((error: unknown) => { console.error(error); process.exit(1); });
