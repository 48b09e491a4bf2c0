/** Model folders as other tools export them: Hugging Face's and OpenCLIP's layouts, combined graphs, and an error that names each missing or contradictory piece. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describeFolder } from '../../src/core/modelDescription';
import { combinedGraph, imageTower, textTower, wordTokenizer, wordVectors, type TowerOptions } from '../onnxGraphs';

const clip = {
  size: { shortest_edge: 224 }, crop_size: { height: 224, width: 224 }, do_center_crop: true, do_resize: true, do_normalize: true, resample: 3,
  rescale_factor: 1 / 255, image_mean: [0.48, 0.46, 0.41], image_std: [0.27, 0.26, 0.28],
};
const openClip = { embed_dim: 4, vision_cfg: { image_size: 224 }, text_cfg: { context_length: 77, vocab_size: 49408 } };
/** preprocess_cfg.json as immich's exporter writes it. */
const openClipImage = { size: [224, 224], mode: 'RGB', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], interpolation: 'bicubic', resize_mode: 'shortest', fill_color: 0 };

suite('model folders without a manifest', () => {
  let folder: string;
  setup(() => { folder = mkdtempSync(join(tmpdir(), 'model-')); });
  teardown(() => rmSync(folder, { recursive: true, force: true }));

  const write = (path: string, content: Buffer | string | object): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
  };
  const remove = (...paths: string[]): void => { for (const path of paths) { rmSync(join(folder, path), { recursive: true }); } };
  function writeHub(config: object = { model_type: 'clip', projection_dim: 4 }, preprocessor: object = clip, graphs: TowerOptions = {}): void {
    write('config.json', config);
    write('preprocessor_config.json', preprocessor);
    write('tokenizer_config.json', { pad_token: '<pad>', model_max_length: 1e30 });
    write('tokenizer.json', wordTokenizer());
    write('onnx/vision_model.onnx', imageTower(graphs));
    write('onnx/text_model.onnx', textTower(graphs));
  }
  function writeImmich(config: object = openClip, image: object = openClipImage): void {
    write('config.json', config);
    write('visual/preprocess_cfg.json', image);
    write('visual/model.onnx', imageTower({ batch: 1, size: 224, pixels: 'image', imageOutput: 'embedding' }));
    write('textual/model.onnx', textTower({ batch: 1, length: 77, idType: 'int32', ids: 'text', textOutput: 'embedding' }));
    write('textual/tokenizer.json', wordTokenizer());
    write('textual/tokenizer_config.json', { pad_token: '<pad>' });
  }
  async function refused(code: string, ...words: RegExp[]): Promise<void> {
    await assert.rejects(describeFolder(folder), (error: { code?: string; message?: string }) => {
      assert.equal(error.code, code, error.message);
      for (const word of words) { assert.match(error.message!, word); }
      return true;
    });
  }

  test('a CLIP export from the hub', async () => {
    writeHub({ model_type: 'clip', projection_dim: 4, text_config: { max_position_embeddings: 64 } }, clip, { mask: 'attention_mask' });
    const manifest = await describeFolder(folder);
    assert.deepEqual([manifest.id, manifest.variant, manifest.embeddingDim], [basename(folder), 'fp32', 4]);
    assert.deepEqual([manifest.files.vision.path, manifest.files.text.path, manifest.files.data], ['onnx/vision_model.onnx', 'onnx/text_model.onnx', undefined]);
    assert.deepEqual(manifest.image, { input: 'pixel_values', output: 'image_embeds', size: 224, resize: 'crop', interpolation: 'bicubic', mean: [0.48, 0.46, 0.41], std: [0.27, 0.26, 0.28] });
    assert.deepEqual(manifest.text, { inputs: { ids: 'input_ids', mask: 'attention_mask' }, output: 'text_embeds', contextLength: 64, padId: 14, padding: 'longest', addSpecialTokens: true });
    assert.deepEqual(manifest.score, { kind: 'softmax', logitScale: 100, logitBias: 0 });
  });

  test('a SigLIP export: squashed, sigmoid, lower case, always padded', async () => {
    const image = { size: { height: 256, width: 256 }, resample: 2, do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };
    writeHub({ model_type: 'siglip', text_config: { vocab_size: 256000 } }, image, { imageOutput: 'pooler_output', textOutput: 'pooler_output' });
    const { image: { size, resize, interpolation, output }, score, text, embeddingDim } = await describeFolder(folder);
    assert.deepEqual([size, resize, interpolation, output], [256, 'squash', 'bilinear', 'pooler_output']);
    assert.deepEqual([score.kind, text.padding, text.contextLength, text.clean, embeddingDim], ['sigmoid', 'max', 64, 'lower', 4]);
  });

  test("OpenCLIP's layout with two folders, and names, types and lengths of the graphs", async () => {
    writeImmich();
    const manifest = await describeFolder(folder);
    assert.deepEqual([manifest.files.vision.path, manifest.files.text.path, manifest.files.tokenizer.path], ['visual/model.onnx', 'textual/model.onnx', 'textual/tokenizer.json']);
    assert.deepEqual(manifest.image, { input: 'image', output: 'embedding', size: 224, resize: 'crop', interpolation: 'bicubic', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
    assert.deepEqual(manifest.text, { inputs: { ids: 'text' }, output: 'embedding', contextLength: 77, padId: 14, padding: 'max', addSpecialTokens: true });
    assert.equal(manifest.score.kind, 'softmax');
  });

  test("OpenCLIP's configuration in one file, of a SigLIP", async () => {
    const model = { ...openClip, init_logit_bias: -10, text_cfg: { context_length: 64, vocab_size: 256000, tokenizer_kwargs: { clean: 'canonicalize' } } };
    write('open_clip_config.json', { model_cfg: model, preprocess_cfg: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], interpolation: 'bicubic', resize_mode: 'squash' } });
    write('tokenizer.json', wordTokenizer());
    write('visual.onnx', imageTower({ pixels: 'input', imageOutput: 'output' }));
    write('textual.onnx', textTower({ ids: 'input', textOutput: 'output' }));
    const { image, text, score } = await describeFolder(folder);
    assert.deepEqual([image.size, image.resize, image.input, image.output], [224, 'squash', 'input', 'output']);
    assert.deepEqual([text.contextLength, text.padding, text.clean, score.kind], [64, 'max', 'canonicalize', 'sigmoid']);
  });

  test('one graph with both towers, its weights beside it', async () => {
    writeHub();
    remove('onnx');
    write('onnx/model.onnx', combinedGraph({ externalWords: 'model.onnx_data' }));
    await refused('modelMissing', /model\.onnx_data/);
    write('onnx/model.onnx_data', Buffer.from(wordVectors({}).buffer));
    const { files, image, text } = await describeFolder(folder);
    assert.deepEqual([files.vision, files.vision.path, files.data?.map(({ path }) => path)], [files.text, 'onnx/model.onnx', ['onnx/model.onnx_data']]);
    assert.deepEqual([image.input, image.output, text.inputs, text.output], ['pixel_values', 'image_embeds', { ids: 'input_ids', mask: 'attention_mask' }, 'text_embeds']);
  });

  test('two graphs go before one with both towers; of several variants the named one is taken', async () => {
    writeHub();
    write('onnx/model.onnx', combinedGraph());
    write('onnx/vision_model_quantized.onnx', imageTower({ quantized: true }));
    assert.equal((await describeFolder(folder)).files.vision.path, 'onnx/vision_model.onnx');
    assert.equal((await describeFolder(folder, 'fp32')).files.text.path, 'onnx/text_model.onnx');
    await assert.rejects(describeFolder(folder, 'int8'), { code: 'modelMissing' });
  });

  test('another export is another revision', async () => {
    writeHub();
    const { revision } = await describeFolder(folder);
    write('onnx/text_model.onnx', textTower({ vocabulary: 17 }));
    assert.notEqual((await describeFolder(folder)).revision, revision);
  });

  const broken: [string, string, RegExp[], () => void][] = [
    ['nothing at all', 'modelMissing', [/config\.json/], () => remove('config.json')],
    ['no preprocessor', 'modelMissing', [/preprocessor_config\.json/], () => remove('preprocessor_config.json')],
    ['no tokenizer', 'modelMissing', [/tokenizer\.json/], () => remove('tokenizer.json')],
    ['no graphs', 'modelMissing', [/vision_model\.onnx/, /model\.onnx/], () => remove('onnx')],
    ['no text graph', 'modelMissing', [/vision_model\.onnx/, /texts/], () => remove('onnx/text_model.onnx')],
    ['no image graph', 'modelMissing', [/text_model\.onnx/, /images/], () => remove('onnx/vision_model.onnx')],
    ['a page instead of a graph', 'modelCorrupt', [/vision_model\.onnx/], () => write('onnx/vision_model.onnx', '<html>')],
    ['configuration is no JSON', 'modelInvalid', [/config\.json/], () => write('config.json', '{')],
    ['resized to another size than cropped', 'modelInvalid', [/preprocessor_config\.json/, /256/], () => write('preprocessor_config.json', { ...clip, size: { shortest_edge: 256 } })],
    ['images that are not square', 'modelInvalid', [/preprocessor_config\.json/], () => write('preprocessor_config.json', { size: { height: 224, width: 336 } })],
    ['a graph for images of another size', 'modelInvalid', [/vision_model\.onnx/, /336/, /preprocessor_config\.json/, /224/], () => write('onnx/vision_model.onnx', imageTower({ size: 336 }))],
    ['towers of two models', 'modelInvalid', [/vision_model\.onnx gives 8/, /text_model\.onnx 4/], () => write('onnx/vision_model.onnx', imageTower({ dim: 8 }))],
    ['another length than the configuration says', 'modelInvalid', [/config\.json/, /512/, /4/], () => write('config.json', { model_type: 'clip', projection_dim: 512 })],
    ['no projection', 'modelInvalid', [/pooler_output/], () => write('onnx/vision_model.onnx', imageTower({ imageOutput: 'pooler_output' }))],
    ['no images', 'modelInvalid', [/vision_model\.onnx/, /input_ids/], () => write('onnx/vision_model.onnx', textTower())],
    ['no texts', 'modelInvalid', [/text_model\.onnx/, /pixel_values/], () => write('onnx/text_model.onnx', imageTower())],
    ['an input that nobody knows', 'modelInvalid', [/position_ids/], () => write('onnx/text_model.onnx', textTower({ mask: 'position_ids' }))],
    ['token ids as half floats', 'modelInvalid', [/input_ids/, /float16/], () => write('onnx/text_model.onnx', textTower({ idType: 'float16' }))],
    ['batches of eight', 'modelInvalid', [/exactly 8/], () => write('onnx/vision_model.onnx', imageTower({ batch: 8 }))],
  ];
  for (const [what, code, words, spoil] of broken) {
    test(`refused: ${what}`, async () => { writeHub(); spoil(); await refused(code, ...words); });
  }

  test('refused of OpenCLIP: no preprocessing, and kinds of it that we do not have', async () => {
    writeImmich();
    remove('visual/preprocess_cfg.json');
    await refused('modelMissing', /visual\/preprocess_cfg\.json/);
    writeImmich(openClip, { ...openClipImage, resize_mode: 'longest' });
    await refused('modelInvalid', /longest/, /preprocess_cfg\.json/);
    writeImmich(openClip, { ...openClipImage, size: [224, 336] });
    await refused('modelInvalid', /square/);
    writeImmich({ ...openClip, text_cfg: { tokenizer_kwargs: { strip_sep_token: true } } });
    await refused('modelInvalid', /strip_sep_token/);
  });
});
