/** What a model can run on: the devices of each platform, how each is asked of ONNX Runtime, and what tells one machine from another. */
import { readdirSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { AssetSearchError } from '../errors';

export type GpuDevice = 'cuda' | 'directml' | 'coreml' | 'webgpu';
export type Device = 'cpu' | GpuDevice;
/** What the setting and the command line take. */
export type DeviceSetting = Device | 'auto' | 'gpu';

export const allDevices: readonly Device[] = ['cpu', 'cuda', 'directml', 'coreml', 'webgpu'];
export const deviceSettings: readonly DeviceSetting[] = ['auto', 'cpu', 'gpu', 'cuda', 'directml', 'coreml', 'webgpu'];

/** What the binaries of onnxruntime-node 1.30 hold (looked up in them), likely the fastest first. CUDA's part is not among them: the user adds it. */
const gpuDevices: Readonly<Record<string, readonly GpuDevice[]>> = {
  'linux-x64': ['cuda', 'webgpu'],
  'win32-x64': ['directml', 'webgpu'],
  'win32-arm64': ['directml', 'webgpu'],
  'darwin-arm64': ['coreml', 'webgpu'],
};

/** Throws AssetSearchError 'deviceUnavailable' for a name that stands for no device on any platform. */
export function parseDevice(text: string): DeviceSetting {
  const known = deviceSettings.find(each => each === text);
  if (known === undefined) { throw new AssetSearchError('deviceUnavailable', `There is no device "${text}". Use one of ${deviceSettings.join(', ')}.`); }
  return known;
}

/** The devices beside the CPU that a setting allows on this platform. */
export function gpuDevicesFor(setting: DeviceSetting, system = `${platform()}-${arch()}`): readonly GpuDevice[] {
  const here = gpuDevices[system] ?? [];
  return setting === 'cpu' ? [] : setting === 'auto' || setting === 'gpu' ? here : here.filter(each => each === setting);
}

/**
 * One provider, never a list: of a list, ONNX Runtime ignores some that are missing in silence and throws for others. What a provider cannot run
 * goes to the CPU all the same.
 */
export function sessionOptionsFor(device: Device): InferenceSession.SessionOptions {
  // DirectML takes neither memory patterns nor parallel execution (onnxruntime.ai/docs/execution-providers/DirectML-ExecutionProvider.html).
  return device === 'directml' ? { executionProviders: ['dml'], enableMemPattern: false, executionMode: 'sequential' } : { executionProviders: [device] };
}

/** Measurements hold as long as this stays the same: processor, graphics adapter and driver where they are known, system, and ONNX Runtime. */
export function machineName(runtimeVersion: string): string {
  return [cpus()[0]?.model.trim() ?? 'unknown processor', `${availableParallelism()} threads`, `${platform()}-${arch()} ${release()}`, ...graphicsAdapters(), `onnxruntime ${runtimeVersion}`].join(', ');
}

/** Linux lists them. Elsewhere the adapter is part of the processor (Apple) or changes with nothing that can be read without asking the driver. */
function graphicsAdapters(): string[] {
  if (platform() !== 'linux') { return []; }
  const folder = '/sys/class/drm';
  const read = (file: string): string => { try { return readFileSync(file, 'utf8').split('\n')[0]!.trim(); } catch { return ''; } };
  let cards: string[] = [];
  try { cards = readdirSync(folder).filter(name => /^card\d+$/.test(name)).sort(); } catch { /* no adapter at all */ }
  return [
    ...cards.map(card => `${read(join(folder, card, 'device', 'vendor'))}:${read(join(folder, card, 'device', 'device'))}`),
    read('/proc/driver/nvidia/version'), process.env.VK_ICD_FILENAMES ?? '', process.env.VK_DRIVER_FILES ?? '',
  ].filter(each => each !== '');
}
