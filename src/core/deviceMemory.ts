/** Remembers what was measured and what failed, per machine, model and setting, in one JSON file that windows and the command line share. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceProblem } from '../protocol';
import type { Calibration } from './calibration';
import { allDevices } from './devices';

/** `problems`: devices that are not tried again while this holds. */
export interface DeviceEntry { calibration?: Calibration; problems: DeviceProblem[] }

/** Not every change of a driver can be seen. */
const maxAgeMs = 30 * 86_400_000;
const version = 1;

type Entries = Record<string, DeviceEntry & { machine: string; at: number }>;

/** Another version may have written it, or somebody by hand: an encoder must not trip over it. */
function isEntry(entry: Partial<Entries[string]> | null): boolean {
  const { at, problems, calibration } = entry ?? {};
  return typeof at === 'number' && Array.isArray(problems) && problems.every(problem => typeof problem?.device === 'string')
    && (calibration === undefined || (allDevices.includes(calibration?.device) && Number.isInteger(calibration.batchSize) && calibration.batchSize > 0 && Array.isArray(calibration.rates)));
}

export class DeviceMemory {
  /** `machine` as of devices.ts; `key` names model and setting. Without a folder it lasts as long as this object. */
  constructor(private readonly folder: string | undefined, private readonly machine: string, private readonly key: string) {}

  private own: DeviceEntry | undefined;

  read(): DeviceEntry {
    if (this.folder === undefined) { return this.own ?? { problems: [] }; }
    const entry = this.entries()[this.key];
    return entry?.machine === this.machine && Date.now() - entry.at < maxAgeMs ? { ...(entry.calibration && { calibration: entry.calibration }), problems: entry.problems } : { problems: [] };
  }

  /** Of two processes that write at once the last one wins: what the other found is measured again some time. */
  write(entry: DeviceEntry): void {
    this.own = entry;
    if (this.folder === undefined) { return; }
    const now = Date.now();
    const kept = Object.entries(this.entries()).filter(([, { at }]) => now - at < maxAgeMs);
    const entries: Entries = { ...Object.fromEntries(kept), [this.key]: { ...entry, machine: this.machine, at: now } };
    const temporary = `${this.file()}.${process.pid}`;
    try {
      mkdirSync(this.folder, { recursive: true });
      writeFileSync(temporary, `${JSON.stringify({ version, entries }, undefined, 1)}\n`);
      renameSync(temporary, this.file());
    } catch {
      // Measured again the next time.
      rmSync(temporary, { force: true });
    }
  }

  private file(): string { return join(this.folder!, 'devices.json'); }

  private entries(): Entries {
    try {
      const json = JSON.parse(readFileSync(this.file(), 'utf8')) as { version?: number; entries?: Entries };
      return json.version === version ? Object.fromEntries(Object.entries(json.entries ?? {}).filter(([, entry]) => isEntry(entry))) : {};
    } catch {
      return {};
    }
  }
}
