/** Encodes a model's images on the device that the setting and the measurements name, and goes on with the CPU when that one fails. */
import { availableParallelism } from 'node:os';
import type { DeviceReport, LogRecord } from '../protocol';
import { AssetSearchError, messageOf } from '../errors';
import { spaceName } from '../models/manifest';
import { calibrate, problemOf, type Calibration } from './calibration';
import { DeviceMemory, type DeviceEntry } from './deviceMemory';
import { gpuDevicesFor, machineName, type Device, type DeviceSetting, type GpuDevice } from './devices';
import { EncodeClient } from './encodeClient';
import { defaultBatchSize, runtimeVersion } from './encoder';
import type { BatchEncoder } from './indexer';
import type { Model } from './model';

export interface DeviceEncoderOptions {
  /** The bundled encodeProcess.js. */
  processFile: string;
  model: Model;
  setting: DeviceSetting;
  threads: number;
  /** Where measurements are remembered. */
  measurementsFolder: string | undefined;
  /** What a setting stands for; by default that of this platform. */
  devices?: readonly GpuDevice[];
  /** Time of encoding on the CPU after which measuring pays. */
  patienceMs?: number;
  /** Longest silence of a device other than the CPU. */
  timeoutMs?: number;
  onChange: () => void;
  onLog: (record: LogRecord) => void;
}

/**
 * Measuring takes some seconds, most of them for starting a GPU. A run that is shorter than this is over sooner without it; a longer one stops for
 * it once, and every later one knows.
 */
const defaultPatienceMs = 20_000;
const defaultTimeoutMs = 60_000;

export class DeviceEncoder implements BatchEncoder {
  private client: Promise<EncodeClient> | undefined;
  private readonly memory: DeviceMemory;
  private readonly devices: readonly GpuDevice[];
  private entry: DeviceEntry;
  private encodingMs = 0;

  constructor(private readonly options: DeviceEncoderOptions) {
    const { model, setting, threads, measurementsFolder } = options;
    this.devices = options.devices ?? gpuDevicesFor(setting);
    const counted = threads > 0 ? threads : availableParallelism();
    this.memory = new DeviceMemory(measurementsFolder, machineName(runtimeVersion), `${spaceName(model.manifest)} ${setting} ${counted} threads`);
    this.entry = this.memory.read();
  }

  get device(): Device { return this.entry.calibration?.device ?? 'cpu'; }
  get batchSize(): number { return this.entry.calibration?.batchSize ?? defaultBatchSize(this.options.model); }

  get report(): DeviceReport {
    const { setting } = this.options;
    const { calibration, problems } = this.entry;
    const { device, batchSize } = this;
    const reason = setting === 'cpu' || device === setting ? 'asked' : this.toTry().length > 0 ? (setting === 'auto' ? 'unmeasured' : 'untried') : calibration && calibration.rates.length > 0 ? 'measured' : 'only';
    const named = setting === 'auto' || setting === 'cpu' || setting === 'gpu' || this.devices.includes(setting as GpuDevice);
    return {
      device, batchSize, reason, rates: calibration?.rates ?? [], ...(calibration?.fasterVariant && { fasterVariant: calibration.fasterVariant }),
      problems: named ? problems : [{ device: setting, code: 'unavailable', detail: 'It does not exist on this platform.' }],
    };
  }

  /** Starts the process before the first images are there; what is wrong with it {@link encode} tells. */
  start(): void {
    if (this.options.setting === 'auto' || this.toTry().length === 0) { this.open().catch(() => undefined); }
  }

  /** As {@link EncodeClient.encode}, but a device that fails is left for the CPU, and the CPU's process gets a second try. The signal ends only measurements. */
  async encode(pixels: Uint8Array[], signal?: AbortSignal): Promise<Float32Array[]> {
    if (this.toTry().length > 0 && (this.options.setting !== 'auto' || this.encodingMs >= (this.options.patienceMs ?? defaultPatienceMs))) { await this.calibrate(signal); }
    const started = performance.now();
    try {
      return await this.run(pixels);
    } catch (thrown) {
      const { device } = this;
      if (device !== 'cpu') { this.leave(device, thrown); } else if (!(thrown instanceof AssetSearchError) || thrown.code !== 'encoderCrashed') { throw thrown; }
      this.client = undefined;
      return await this.run(pixels);
    } finally {
      this.encodingMs += performance.now() - started;
    }
  }

  /** Waits for the runs that were asked for, and lets the process go; the next images start it again. */
  async rest(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await client?.then(each => each.close(), () => undefined);
  }

  private async run(pixels: Uint8Array[]): Promise<Float32Array[]> {
    const client = this.open();
    try {
      return await (await client).encode(pixels, this.batchSize);
    } catch (thrown) {
      // One that did not start is tried anew.
      await client.catch(() => { this.client = undefined; });
      throw thrown;
    }
  }

  private open(): Promise<EncodeClient> {
    const { device, options: { processFile, model, threads, timeoutMs = defaultTimeoutMs } } = this;
    this.client ??= EncodeClient.start({ processFile, model, device, threads, ...(device !== 'cpu' && { timeoutMs }) });
    return this.client;
  }

  /** Devices of which nothing is known. */
  private toTry(): readonly GpuDevice[] {
    return this.entry.calibration ? [] : this.devices.filter(device => !this.entry.problems.some(problem => problem.device === device));
  }

  private async calibrate(signal: AbortSignal | undefined): Promise<void> {
    const { processFile, model, threads, setting, timeoutMs } = this.options;
    const devices = this.toTry();
    this.log('info', `Measuring which device is the fastest for ${model.info.name}: ${['cpu', ...devices].join(', ')}`);
    let calibration: Calibration;
    try {
      // Alone on the machine: the process that encodes has nothing to do meanwhile, and would hold its memory.
      await this.rest();
      calibration = await calibrate({ processFile, model, threads, setting: setting as Exclude<DeviceSetting, 'cpu'>, devices, ...(timeoutMs !== undefined && { timeoutMs }) }, signal);
    } catch (thrown) {
      if (!signal?.aborted) { this.log('warn', `No device could be measured, so the CPU goes on: ${messageOf(thrown)}`); }
      this.encodingMs = 0;
      return;
    }
    this.remember({ calibration, problems: [...this.entry.problems, ...calibration.problems] });
    for (const { device, code, detail } of calibration.problems) { this.log(code === 'unavailable' && setting === 'auto' ? 'info' : 'warn', `${device} is not used (${code}): ${detail}`); }
    this.log('info', `Encoding runs on ${calibration.device}, ${calibration.batchSize} images at a time${calibration.rates.map(({ device, imagesPerSecond }) => `; ${device}: ${imagesPerSecond.toFixed(1)} images/s`).join('')}`);
  }

  /** For as long as a measurement holds. */
  private leave(device: Device, thrown: unknown): void {
    const problem = problemOf(device, thrown);
    this.log('warn', `${device} is left for the CPU (${problem.code}): ${problem.detail}`);
    this.remember({ problems: [...this.entry.problems, problem] });
  }

  private remember(entry: DeviceEntry): void {
    this.entry = entry;
    this.memory.write(entry);
    this.options.onChange();
  }

  private log(level: LogRecord['level'], message: string): void { this.options.onLog({ level, message }); }
}
