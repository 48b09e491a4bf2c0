/** The choice of a device: only by measurement, never one that crashes, hangs or gives other vectors, and remembered; with real processes. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calibrate, drawPictures, type Calibration } from '../../src/core/calibration';
import { DeviceEncoder, type DeviceEncoderOptions } from '../../src/core/deviceEncoder';
import { DeviceMemory } from '../../src/core/deviceMemory';
import { gpuDevicesFor, parseDevice, type Device, type GpuDevice } from '../../src/core/devices';
import { createImageEncoder } from '../../src/core/encoder';
import { loadModel, type Model } from '../../src/core/model';
import { hasInt8Instructions } from '../../src/core/platform';
import { clipShapes, writeClip } from '../../bench/clipGraphs';

const processFile = join(process.cwd(), 'test', 'fixtures', 'fakeEncodeProcess.cjs');
/** `ms`: of one picture. */
interface Behaviour { does?: 'crashAtOpen' | 'crashAtRun' | 'crashLater' | 'hang' | 'fail' | 'wrong' | 'unavailable'; ms?: number; after?: number }

suite('calibration', function () {
  this.timeout(60_000);
  let builtin: Model;
  let folder: string;
  suiteSetup(async () => { builtin = await loadModel(join(process.cwd(), 'media', 'builtin')); });
  setup(() => { folder = mkdtempSync(join(tmpdir(), 'calibration-')); });
  teardown(() => rmSync(folder, { recursive: true }));

  const faked = (behaviours: Partial<Record<Device, Behaviour>>): Model => ({ ...builtin, folder: JSON.stringify(behaviours), manifest: { ...builtin.manifest, image: { ...builtin.manifest.image, size: 8 } } });
  const both: readonly GpuDevice[] = ['cuda', 'webgpu'];
  const run = (behaviours: Partial<Record<Device, Behaviour>>, setting: 'auto' | 'gpu' = 'auto', signal?: AbortSignal): Promise<Calibration> =>
    calibrate({ processFile, model: faked(behaviours), threads: 1, setting, devices: both, timeoutMs: 1_000 }, signal);
  const problems = (found: { problems: { device: string; code: string }[] }): string[] => found.problems.map(({ device, code }) => `${device} ${code}`);

  test('the fastest device that agrees with the CPU wins', async () => {
    const found = await run({ cpu: { ms: 12 }, cuda: { ms: 0 }, webgpu: { ms: 4 } });
    assert.deepEqual([found.device, problems(found)], ['cuda', []]);
    assert.deepEqual(found.rates.map(({ device }) => device), ['cuda', 'webgpu', 'cpu']);
    assert.ok([4, 8, 16, 32].includes(found.batchSize));
  });

  test('the CPU stays where it is faster, unless a GPU is asked for', async () => {
    const slow = { cpu: { ms: 0 }, webgpu: { ms: 8 } };
    const found = await run(slow);
    assert.deepEqual([found.device, problems(found)], ['cpu', ['cuda unavailable']]);
    assert.equal((await run(slow, 'gpu')).device, 'webgpu');
  });

  test('one with other vectors is not used, however fast; the next one is', async () => {
    const found = await run({ cpu: { ms: 12 }, cuda: { does: 'wrong' }, webgpu: { ms: 2 } });
    assert.deepEqual([found.device, problems(found)], ['webgpu', ['cuda wrong']]);
    assert.deepEqual(await run({ cpu: {}, cuda: { does: 'wrong' } }, 'gpu').then(each => [each.device, problems(each)]), ['cpu', ['webgpu unavailable', 'cuda wrong']]);
  });

  test('one that crashes, hangs or fails costs only itself, and says how', async () => {
    assert.deepEqual(problems(await run({ cpu: {}, cuda: { does: 'crashAtOpen' }, webgpu: { does: 'crashAtRun' } })), ['cuda crashed', 'webgpu crashed']);
    const found = await run({ cpu: {}, cuda: { does: 'hang' }, webgpu: { does: 'fail' } });
    assert.deepEqual([found.device, problems(found)], ['cpu', ['cuda hung', 'webgpu failed']]);
    assert.match((await run({ cpu: {}, cuda: { does: 'crashAtOpen' } })).problems[0]!.detail, /driver says no/);
  });

  test('without another device the CPU is not even measured', async () => {
    assert.deepEqual(await run({ cpu: { does: 'crashAtOpen' } }).then(({ device, rates }) => [device, rates]), ['cpu', []]);
  });

  test('a cancelled measurement ends at once, whatever the device does', async () => {
    const stop = new AbortController();
    const measuring = run({ cpu: {}, cuda: { does: 'hang' } }, 'auto', stop.signal);
    setTimeout(() => stop.abort(), 300);
    await assert.rejects(measuring, { code: 'cancelled' });
  });

  test('the pictures are the same every time, and differ from each other', () => {
    const pictures = drawPictures(16);
    assert.deepEqual(pictures, drawPictures(16));
    assert.deepEqual([pictures.length, new Set(pictures.map(each => each.join())).size, pictures[0]!.length], [32, 32, 768]);
  });

  // ── the encoder that goes by it

  const encoder = (behaviours: Partial<Record<Device, Behaviour>>, more: Partial<DeviceEncoderOptions> = {}): DeviceEncoder => new DeviceEncoder({
    processFile, model: faked(behaviours), setting: 'auto', threads: 1, measurementsFolder: folder, devices: both, patienceMs: 0, timeoutMs: 1_000,
    onChange: () => undefined, onLog: () => undefined, ...more,
  });
  const pictures = drawPictures(8).slice(0, 5);
  const fast = { cpu: { ms: 12 }, webgpu: { ms: 0 } };

  test('auto: a short run measures nothing, a long one does, and the next one knows', async () => {
    const short = encoder(fast, { patienceMs: 60_000 });
    await short.encode(pictures);
    assert.deepEqual([short.device, short.report.reason, existsSync(join(folder, 'devices.json'))], ['cpu', 'unmeasured', false]);
    await short.rest();
    let changes = 0;
    const long = encoder(fast, { onChange: () => { changes++; } });
    const vectors = await long.encode(pictures);
    assert.deepEqual([long.device, long.report.reason, changes, problems(long.report)], ['webgpu', 'measured', 1, ['cuda unavailable']]);
    await long.rest();
    const next = encoder({ ...fast, cpu: { does: 'crashAtOpen' } });
    assert.equal(next.device, 'webgpu');
    assert.deepEqual(await next.encode(pictures), vectors, 'the CPU was not needed again');
    await next.rest();
    // Another setting, another model or another machine knows nothing of it.
    assert.equal(encoder(fast, { setting: 'gpu' }).report.reason, 'untried');
  });

  test('a device that crashes in the middle of a run is left for the CPU, which encodes what it had; it is not tried again', async () => {
    const healthy = { ...fast, cuda: { ms: 4 } };
    const dying = { ...healthy, webgpu: { does: 'crashLater', after: 1 } } as const;
    const first = encoder(healthy);
    await first.encode(pictures);
    await first.rest();
    // The same memory, a driver that has become worse.
    const second = encoder(dying);
    const expected = await second.encode(pictures);
    assert.equal(second.device, 'webgpu');
    assert.deepEqual(await second.encode(pictures), expected);
    assert.deepEqual([second.device, problems(second.report)], ['cpu', ['webgpu crashed']]);
    await second.encode(pictures);
    assert.deepEqual([second.device, problems(second.report)], ['cuda', ['webgpu crashed']], 'what is left is measured');
    await second.rest();
    assert.deepEqual([encoder(dying).device, problems(encoder(dying).report)], ['cuda', ['webgpu crashed']]);
  });

  test('a device that hangs in the middle of a run is left, too', async () => {
    const first = encoder(fast);
    await first.encode(pictures);
    await first.rest();
    const second = encoder({ ...fast, webgpu: { does: 'hang' } });
    assert.equal((await second.encode(pictures)).length, pictures.length);
    assert.deepEqual([second.device, problems(second.report)], ['cpu', ['cuda unavailable', 'webgpu hung']]);
    await second.rest();
  });

  test('the CPU\'s own process gets a second try, and its second crash ends the run', async () => {
    const first = encoder({ cpu: { does: 'crashLater', after: 1 } }, { setting: 'cpu', devices: [] });
    for (let time = 0; time < 3; time++) { assert.equal((await first.encode(pictures)).length, pictures.length); }
    await first.rest();
    const second = encoder({ cpu: { does: 'crashAtRun' } }, { setting: 'cpu', devices: [] });
    await assert.rejects(second.encode(pictures), { code: 'encoderCrashed' });
    await second.rest();
  });

  test('a device that is asked for by name is measured at once, and checked', async () => {
    const asked = encoder({ cpu: { ms: 0 }, webgpu: { ms: 8 } }, { setting: 'webgpu', devices: ['webgpu'], patienceMs: 60_000 });
    await asked.encode(pictures);
    assert.deepEqual([asked.device, asked.report.reason], ['webgpu', 'asked']);
    await asked.rest();
    const elsewhere = encoder({ cpu: {} }, { setting: 'coreml', devices: [] });
    await elsewhere.encode(pictures);
    assert.deepEqual([elsewhere.device, elsewhere.report.reason, problems(elsewhere.report)], ['cpu', 'only', ['coreml unavailable']]);
    await elsewhere.rest();
  });

  test('what is remembered holds for one machine, and a damaged file for none', () => {
    const calibration: Calibration = { device: 'webgpu', batchSize: 16, rates: [], problems: [] };
    const memory = (machine: string, key = 'model'): DeviceMemory => new DeviceMemory(folder, machine, key);
    memory('a').write({ calibration, problems: [] });
    memory('a', 'other').write({ problems: [{ device: 'cuda', code: 'crashed', detail: '' }] });
    assert.deepEqual(memory('a').read(), { calibration, problems: [] });
    assert.deepEqual(problems(memory('a', 'other').read()), ['cuda crashed']);
    assert.deepEqual(memory('a with another driver').read(), { problems: [] });
    const file = join(folder, 'devices.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"at": \d+/g, '"at": 0'));
    assert.deepEqual(memory('a').read(), { problems: [] }, 'too old');
    for (const entry of [null, 1, { machine: 'a', at: Date.now() }, { machine: 'a', at: Date.now(), problems: [null] }, { machine: 'a', at: Date.now(), problems: [], calibration: { ...calibration, batchSize: -5 } }]) {
      writeFileSync(file, JSON.stringify({ version: 1, entries: { model: entry } }));
      assert.deepEqual(memory('a').read(), { problems: [] }, JSON.stringify(entry));
      memory('a', 'other').write({ problems: [] });
    }
    for (const text of ['{', '[]', 'null', '{"version":1}', '{"version":1,"entries":null}']) {
      writeFileSync(file, text);
      assert.deepEqual(memory('a').read(), { problems: [] }, text);
    }
  });

  /** Chromium's Vulkan in software, as Debian's package chromium installs it; it needs libvulkan1. */
  const icd = '/usr/lib/chromium/vk_swiftshader_icd.json';

  test('WebGPU on a simulated GPU gives what the CPU gives, and encodes', async function () {
    if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(icd)) {
      console.log(`      skipped: it needs ${icd} (apt install chromium libvulkan1)`);
      this.skip();
    }
    this.timeout(300_000);
    const before = process.env.VK_ICD_FILENAMES;
    process.env.VK_ICD_FILENAMES = icd;
    try {
      writeClip(join(folder, 'tiny'), 'tiny', clipShapes.tiny, 'fp32');
      const model = await loadModel(join(folder, 'tiny'));
      const real = { processFile: join(process.cwd(), 'dist', 'encodeProcess.js'), model, threads: 1 };
      const made = encoder({}, { ...real, setting: 'gpu', devices: ['webgpu'], timeoutMs: 120_000 });
      const images = drawPictures(32).slice(0, 5);
      const vectors = await made.encode(images);
      // Five of a batch that is larger: the empty rest of it is not given back.
      assert.deepEqual([made.device, made.report.problems, vectors.length], ['webgpu', [], 5]);
      await made.rest();
      const cpu = await createImageEncoder(model, { device: 'cpu', threads: 1 });
      for (const [index, vector] of (await cpu.encode(images)).entries()) {
        assert.ok(vector.reduce((sum, value, at) => sum + value * vectors[index]![at]!, 0) > 0.9999, `picture ${index}`);
      }
      await cpu.dispose();
    } finally {
      if (before === undefined) { delete process.env.VK_ICD_FILENAMES; } else { process.env.VK_ICD_FILENAMES = before; }
    }
  });

  test('settings and platforms', () => {
    assert.throws(() => parseDevice('abacus'), { code: 'deviceUnavailable' });
    assert.deepEqual(gpuDevicesFor('auto', 'linux-x64'), ['cuda', 'webgpu']);
    assert.deepEqual(gpuDevicesFor('gpu', 'win32-x64'), ['directml', 'webgpu']);
    assert.deepEqual(gpuDevicesFor('coreml', 'darwin-arm64'), ['coreml']);
    assert.deepEqual([gpuDevicesFor('coreml', 'linux-x64'), gpuDevicesFor('auto', 'linux-arm64'), gpuDevicesFor('cpu', 'win32-x64')], [[], [], []]);
    const flags = (platform: string, ...names: string[]) => hasInt8Instructions({ platform, arch: 'x64', processorFlags: new Set(names) });
    assert.deepEqual([flags('linux', 'avx2', 'avx512_vnni'), flags('linux', 'asimddp'), flags('linux', 'avx2')], [true, true, false]);
    assert.deepEqual(['darwin', 'win32'].map(platform => hasInt8Instructions({ platform, arch: 'arm64', processorFlags: undefined })), [true, false]);
  });
});
