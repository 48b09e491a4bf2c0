/** Model folders: what is missing, damaged or invalid has a code; a Hugging Face folder gets its manifest derived. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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

  test('invalid: not JSON, JSON that is no manifest', async () => {
    writeOwn();
    write('model.json', '{"id":');
    await assert.rejects(loadModel(folder), { code: 'modelInvalid' });
    write('model.json', {});
    await assert.rejects(loadModel(folder), { code: 'modelInvalid' });
  });

  const clip = {
    size: { shortest_edge: 224 }, crop_size: { height: 224, width: 224 }, do_center_crop: true, do_resize: true, do_normalize: true, resample: 3,
    rescale_factor: 1 / 255, image_mean: [0.48, 0.46, 0.41], image_std: [0.27, 0.26, 0.28],
  };
  const writeHub = (config: object, preprocessor: object) => {
    write('config.json', config);
    write('preprocessor_config.json', preprocessor);
    write('tokenizer_config.json', { pad_token: '<pad>', model_max_length: 1e30 });
    write('tokenizer.json', { added_tokens: [{ id: 5, content: '<pad>' }], model: { vocab: {} } });
    mkdirSync(join(folder, 'onnx'), { recursive: true });
    write('onnx/vision_model.onnx', 'v');
    write('text_model.onnx', 't');
  };

  test('a CLIP export from the Hub', async () => {
    writeHub({ model_type: 'clip', projection_dim: 512, text_config: { max_position_embeddings: 64 } }, clip);
    const { manifest, info } = await loadModel(folder);
    assert.equal(info.id, basename(folder));
    assert.equal(manifest.files.vision.path, 'onnx/vision_model.onnx');
    assert.equal(manifest.embeddingDim, 512);
    assert.deepEqual(manifest.image, { input: 'pixel_values', output: 'image_embeds', size: 224, resize: 'crop', interpolation: 'bicubic', mean: [0.48, 0.46, 0.41], std: [0.27, 0.26, 0.28] });
    assert.deepEqual([manifest.text.contextLength, manifest.text.padId, manifest.text.padding], [64, 5, 'longest']);
    assert.deepEqual(manifest.score, { kind: 'softmax', logitScale: 100, logitBias: 0 });
  });

  test('a SigLIP export: squashed, sigmoid, always padded', async () => {
    writeHub({ model_type: 'siglip', text_config: { projection_size: 768, max_position_embeddings: 64 } },
      { size: { height: 256, width: 256 }, resample: 2, do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] });
    const { manifest } = await loadModel(folder);
    assert.deepEqual([manifest.image.size, manifest.image.resize, manifest.image.interpolation], [256, 'squash', 'bilinear']);
    assert.deepEqual([manifest.score.kind, manifest.text.padding, manifest.embeddingDim], ['sigmoid', 'max', 768]);
  });

  test('another export is another revision; one that cannot be described is refused', async () => {
    writeHub({ projection_dim: 512 }, clip);
    const { revision } = (await loadModel(folder)).manifest;
    write('text_model.onnx', 'u');
    assert.notEqual((await loadModel(folder)).manifest.revision, revision);
    write('preprocessor_config.json', { ...clip, size: { shortest_edge: 256 } });
    await assert.rejects(loadModel(folder), { code: 'modelInvalid' });
    write('preprocessor_config.json', clip);
    write('config.json', {});
    await assert.rejects(loadModel(folder), { code: 'modelInvalid' });
    rmSync(join(folder, 'tokenizer.json'));
    await assert.rejects(loadModel(folder), { code: 'modelMissing' });
  });
});
