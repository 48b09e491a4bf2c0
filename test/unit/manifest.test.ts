/** The manifest: what is accepted, what is refused with a code, and the names of vector spaces. */
import assert from 'node:assert/strict';
import { filesOf, parseManifest, spaceName } from '../../src/models/manifest';

const file = { path: 'vision.onnx', sha256: 'a'.repeat(64), sizeBytes: 1 };
const valid = {
  id: 'tiny', revision: '1', variant: 'fp32', name: 'Tiny', description: '', license: 'MIT', preprocessingVersion: 1,
  files: { vision: file, text: file, tokenizer: file }, embeddingDim: 8,
  image: { input: 'pixel_values', output: 'image_embeds', size: 64, resize: 'pad', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] },
  text: { inputs: { ids: 'input_ids' }, output: 'text_embeds', contextLength: 16, padId: 0, padding: 'longest', addSpecialTokens: false },
  score: { kind: 'softmax', logitScale: 20, logitBias: 0 }, promptTemplates: ['an icon of {}'],
};

suite('manifest', () => {
  test('a valid one is taken over, unknown fields are not', () => {
    assert.deepEqual(parseManifest({ ...valid, later: 1 }), valid);
  });

  test('what only some models have', () => {
    const some = { ...valid, files: { ...valid.files, data: [{ ...file, path: 'weights.bin' }] }, text: { ...valid.text, clean: 'lower' } };
    assert.deepEqual(parseManifest(some), some);
    assert.deepEqual(filesOf(parseManifest(some)).map(({ path }) => path), ['vision.onnx', 'weights.bin']);
  });

  const broken: [string, unknown][] = [
    ['no object', []],
    ['no id', { ...valid, id: '' }],
    ['files leave the folder', { ...valid, files: { ...valid.files, text: { ...file, path: '../text.onnx' } } }],
    ['files are absolute', { ...valid, files: { ...valid.files, text: { ...file, path: '/etc/passwd' } } }],
    ['files are on a drive', { ...valid, files: { ...valid.files, text: { ...file, path: 'C:\\text.onnx' } } }],
    ['weights leave the folder', { ...valid, files: { ...valid.files, data: [{ ...file, path: '../weights.bin' }] } }],
    ['weights are no list', { ...valid, files: { ...valid.files, data: file } }],
    ['unknown cleaning', { ...valid, text: { ...valid.text, clean: 'stem' } }],
    ['no digest', { ...valid, files: { ...valid.files, text: { ...file, sha256: 'abc' } } }],
    ['unknown resize', { ...valid, image: { ...valid.image, resize: 'stretch' } }],
    ['zero deviation', { ...valid, image: { ...valid.image, std: [1, 0, 1] } }],
    ['fractional size', { ...valid, image: { ...valid.image, size: 64.5 } }],
    ['template without a place', { ...valid, promptTemplates: ['an icon'] }],
    ['no score', { ...valid, score: undefined }],
  ];
  for (const [name, json] of broken) {
    test(`refused: ${name}`, () => {
      assert.throws(() => parseManifest(json), { code: 'modelInvalid' });
    });
  }

  test('spaces have plain names, and different models different ones', () => {
    const manifest = parseManifest(valid);
    const of = (id: string, revision = '1', variant = 'fp32', preprocessingVersion = 1) => spaceName({ ...manifest, id, revision, variant, preprocessingVersion });
    assert.match(of('builtin', '2.0'), /^builtin_2\.0_fp32_p1_[0-9a-f]{12}$/);
    const names = [of('a/b'), of('a-b'), of('a b'), of('a_b'), of('a'), of('a', '2'), of('a', '1', 'int8'), of('a', '1', 'fp32', 2), of('a_1', 'fp32', 'x')];
    assert.equal(new Set(names).size, names.length);
    for (const name of names) { assert.match(name, /^[A-Za-z0-9._-]+$/); }
  });

  test('a graph or preprocessing that changes under the same revision has a space of its own; names and templates do not matter', () => {
    const manifest = parseManifest(valid);
    const other = { ...file, sha256: 'b'.repeat(64) };
    const changed = [
      { ...manifest, files: { ...manifest.files, vision: other } }, { ...manifest, files: { ...manifest.files, data: [other] } },
      ...[{ resize: 'crop' as const }, { size: 32 }, { interpolation: 'bilinear' as const }, { output: 'pooled' }].map(image => ({ ...manifest, image: { ...manifest.image, ...image } })),
      { ...manifest, image: { ...manifest.image, mean: [0, 0, 1] as [number, number, number] } },
    ];
    assert.equal(new Set([manifest, ...changed].map(spaceName)).size, changed.length + 1);
    assert.equal(spaceName({ ...manifest, name: 'Another', promptTemplates: ['{}'] } as typeof manifest), spaceName(manifest));
  });
});
