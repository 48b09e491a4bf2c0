// Checks the exported model: token ids, agreement of ONNX with the training framework, recall on phosphor through sharp, and speed.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ort from 'onnxruntime-node';
import sharp from 'sharp';
import { Tokenizer } from '@huggingface/tokenizers';

// Else it sends usage data to Microsoft once a session is made.
process.env.ORT_DISABLE_TELEMETRY = '1';

const here = path.dirname(fileURLToPath(import.meta.url));
const folder = path.join(here, '../media/builtin');
const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'model.json'), 'utf8'));
const tokenizer = new Tokenizer(JSON.parse(fs.readFileSync(path.join(folder, 'tokenizer.json'), 'utf8')), {});
const idsOf = (text) => Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids);

let wrong = 0;
const goldens = JSON.parse(fs.readFileSync(path.join(here, 'goldens/tokens.json'), 'utf8'));
for (const { text, ids } of goldens) {
  const got = idsOf(text);
  if (JSON.stringify(got) !== JSON.stringify(ids)) { wrong++; console.log('token ids differ:', JSON.stringify(text.slice(0, 40)), ids.slice(0, 12), got.slice(0, 12)); }
}
console.log(`token ids: ${goldens.length - wrong} of ${goldens.length} equal`);
if (process.argv.includes('--tokens')) process.exit(wrong ? 1 : 0);

const options = { intraOpNumThreads: 2, interOpNumThreads: 1 };
const vision = await ort.InferenceSession.create(path.join(folder, 'vision_model.onnx'), options);
const text = await ort.InferenceSession.create(path.join(folder, 'text_model.onnx'), options);
const long = (rows) => new ort.Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0].length]);
const cosine = (a, b) => { let s = 0, x = 0, y = 0; for (let i = 0; i < a.length; i++) { s += a[i] * b[i]; x += a[i] ** 2; y += b[i] ** 2; } return s / Math.sqrt(x * y); };

const cache = path.join(here, '.cache');
if (fs.existsSync(path.join(cache, 'check_text.json'))) {
  const floats = (f) => { const b = fs.readFileSync(path.join(cache, f)); return new Float32Array(b.buffer.slice(b.byteOffset, b.byteOffset + b.length)); };
  const pixels = floats('check_pixels.bin'), want = floats('check_image.bin');
  const got = (await vision.run({ pixel_values: new ort.Tensor('float32', pixels, [4, 3, manifest.image.size, manifest.image.size]) })).image_embeds.data;
  const t = JSON.parse(fs.readFileSync(path.join(cache, 'check_text.json'), 'utf8'));
  const gotText = (await text.run({ input_ids: long(t.ids), attention_mask: long(t.mask) })).text_embeds.data;
  const d = manifest.embeddingDim;
  console.log('cosine to the training framework: image', Math.min(...[0, 1, 2, 3].map((k) => cosine(got.slice(k * d, k * d + d), want.slice(k * d, k * d + d)))).toFixed(6),
    'text', Math.min(...[0, 1, 2, 3].map((k) => cosine(gotText.slice(k * d, k * d + d), t.text[k]))).toFixed(6));
}

/** The product's preprocessing: render, composite against a contrasting background, letterbox, normalise. */
async function pixelsOf(file) {
  const n = manifest.image.size;
  const meta = await sharp(file).metadata();
  const density = Math.max(1, Math.ceil(72 * n / Math.max(meta.width, meta.height)));
  const raw = await sharp(file, { density }).resize(n, n, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 }, kernel: 'cubic' }).ensureAlpha().raw().toBuffer();
  let luma = 0, total = 0;
  for (let i = 0; i < n * n; i++) { const a = raw[4 * i + 3]; luma += a * (.2126 * raw[4 * i] + .7152 * raw[4 * i + 1] + .0722 * raw[4 * i + 2]) / 255; total += a; }
  const back = luma / Math.max(1, total) > .6 ? 0x1e : 255;
  const out = new Float32Array(3 * n * n);
  for (let c = 0; c < 3; c++) for (let i = 0; i < n * n; i++) { const a = raw[4 * i + 3] / 255; out[c * n * n + i] = ((raw[4 * i + c] * a + back * (1 - a)) / 255 - manifest.image.mean[c]) / manifest.image.std[c]; }
  return out;
}

const regular = path.join(here, 'node_modules/@phosphor-icons/core/assets/regular');
const files = fs.readdirSync(regular).filter((f) => f.endsWith('.svg')).sort();
const d = manifest.embeddingDim, n = manifest.image.size;
const images = new Float32Array(files.length * d);
let encodeMs = 0;
for (let i = 0; i < files.length; i += 32) {
  const part = await Promise.all(files.slice(i, i + 32).map((f) => pixelsOf(path.join(regular, f))));
  const batch = new Float32Array(part.length * 3 * n * n);
  part.forEach((p, k) => batch.set(p, k * 3 * n * n));
  const t0 = performance.now();
  const out = await vision.run({ pixel_values: new ort.Tensor('float32', batch, [part.length, 3, n, n]) });
  encodeMs += performance.now() - t0;
  images.set(out.image_embeds.data, i * d);
}
const hits = { 1: 0, 5: 0, 10: 0 }, latency = [];
for (let q = 0; q < files.length; q++) {
  const t0 = performance.now();
  const ids = idsOf(files[q].slice(0, -4).replaceAll('-', ' ')).slice(0, manifest.text.contextLength);
  const v = (await text.run({ input_ids: long([ids]), attention_mask: long([ids.map(() => 1)]) })).text_embeds.data;
  latency.push(performance.now() - t0);
  const scores = files.map((_, k) => { let s = 0; for (let j = 0; j < d; j++) s += v[j] * images[k * d + j]; return s; });
  const rank = scores.filter((s) => s > scores[q]).length;
  for (const k of [1, 5, 10]) if (rank < k) hits[k]++;
}
latency.sort((a, b) => a - b);
console.log(`phosphor regular, ${files.length} icons: R@1 ${(hits[1] / files.length).toFixed(3)} R@5 ${(hits[5] / files.length).toFixed(3)} R@10 ${(hits[10] / files.length).toFixed(3)}`);
console.log(`vision ${(files.length / encodeMs * 1000).toFixed(0)} images/s on 2 threads; text p50 ${latency[latency.length >> 1].toFixed(2)} ms p95 ${latency[Math.floor(latency.length * .95)].toFixed(2)} ms`);
process.exit(wrong ? 1 : 0);
