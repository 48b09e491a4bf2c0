/** Model folders: what is missing, damaged or invalid has a code. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel } from '../../src/core/model';

suite('model', () => {
  let folder: string;
  setup(() => { folder = mkdtempSync(join(tmpdir(), 'asset-search-')); });
  teardown(() => { rmSync(folder, { recursive: true }); });

  const write = (path: string, content: string | object) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(join(folder, path), text);
    return { path, sha256: createHash('sha256').update(text).digest('hex'), sizeBytes: Buffer.byteLength(text) };
  };
  const writeOwn = () => write('model.json', {
    id: 'tiny', revision: '1', variant: 'fp32', name: 'Tiny', description: 'd', license: 'MIT', preprocessingVersion: 1,
    files: { vision: write('vision.onnx', 'vision'), text: write('text.onnx', 'text'), tokenizer: write('tokenizer.json', '{}') }, embeddingDim: 8,
    image: { input: 'i', output: 'o', size: 64, resize: 'pad', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] },
    text: { inputs: { ids: 'input_ids' }, output: 'o', contextLength: 16, padId: 0, padding: 'longest', addSpecialTokens: false },
    score: { kind: 'softmax', logitScale: 20, logitBias: 0 }, promptTemplates: ['{}'],
  });

  test('a whole folder', async () => {
    writeOwn();
    const { info, manifest } = await loadModel(folder);
    assert.deepEqual(info, { id: 'tiny', revision: '1', variant: 'fp32', name: 'Tiny', description: 'd', license: 'MIT', embeddingDim: 8, sizeBytes: 12, folder });
    assert.equal(manifest.image.size, 64);
  });

  test('missing: no folder, an empty folder, an absent file', async () => {
    await assert.rejects(loadModel(join(folder, 'none')), { code: 'modelMissing' });
    await assert.rejects(loadModel(folder), { code: 'modelMissing' });
    writeOwn();
    rmSync(join(folder, 'text.onnx'));
    await assert.rejects(loadModel(folder), { code: 'modelMissing' });
  });

  test('corrupt: another length, or the same length with other bytes', async () => {
    writeOwn();
    write('text.onnx', 'texts');
    await assert.rejects(loadModel(folder), { code: 'modelCorrupt' });
    write('text.onnx', 'tfxt');
    await assert.rejects(loadModel(folder), { code: 'modelCorrupt' });
  });

  test('a large file is read once: its hash is remembered until its time or size changes, and never when it must be proven anew', async () => {
    const sizeBytes = 16 * 2 ** 20;
    const file = join(folder, 'vision.onnx');
    writeOwn();
    const content = Buffer.alloc(sizeBytes, 'a');
    writeFileSync(file, content);
    // The time of the change cannot be set, so that the clock has to move on.
    const sha256 = createHash('sha256').update(content).digest('hex');
    const manifest = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as { files: { vision: object } };
    write('model.json', { ...manifest, files: { ...manifest.files, vision: { path: 'vision.onnx', sha256, sizeBytes } } });
    const hashes = join(folder, 'hashes.json');
    await loadModel(folder);
    assert.ok(!existsSync(hashes), 'written so shortly before that it may be written again at the same time');
    await new Promise(resolve => { setTimeout(resolve, 3_100); });
    await loadModel(folder);
    const remembered = JSON.parse(readFileSync(hashes, 'utf8')) as Record<string, { sha256: string; state: string }>;
    assert.deepEqual(Object.entries(remembered).map(([path, each]) => [path, each.sha256]), [['vision.onnx', sha256]]);

    const lie = (text: string) => { writeFileSync(hashes, text); };
    lie(JSON.stringify({ 'vision.onnx': { ...remembered['vision.onnx'], sha256: 'b'.repeat(64) } }));
    await assert.rejects(loadModel(folder), { code: 'modelCorrupt' }, 'what is remembered is used');
    await loadModel(folder, { anew: true });
    for (const text of ['{', 'null', '{"vision.onnx":null}', '{"vision.onnx":{"sha256":"x"}}']) { lie(text); await loadModel(folder); }

    lie(JSON.stringify(remembered));
    const { atime, mtime } = statSync(file);
    content[5] = 0;
    writeFileSync(file, content);
    utimesSync(file, atime, mtime);
    await assert.rejects(loadModel(folder), { code: 'modelCorrupt' }, 'other bytes of the same length, with the old time put back');
  }).timeout(20_000);

  test('invalid: not JSON, JSON that is no manifest', async () => {
    writeOwn();
    write('model.json', '{"id":');
    await assert.rejects(loadModel(folder), { code: 'modelInvalid' });
    write('model.json', {});
    await assert.rejects(loadModel(folder), { code: 'modelInvalid' });
  });
});
