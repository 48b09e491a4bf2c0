// Renders every permissively licensed drawing to 64-px pixels and writes them with their words into .cache/.
import fs from 'node:fs';
import path from 'node:path';
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { drawnJobs } from './draw.mjs';
import { PACKAGES } from './packages.mjs';

const require = createRequire(import.meta.url);
const here = path.dirname(fileURLToPath(import.meta.url));
const cache = path.join(here, '.cache');
fs.mkdirSync(cache, { recursive: true });
sharp.concurrency(1);
sharp.cache(false);

const SIZE = 64;
const CAP = 9000;
const LOGO_CAP = 1500;
/** Evaluated on, never trained on. */
const HELD_OUT = new Set(['ph', 'carbon', 'openmoji']);
const LICENCES = new Set(['MIT', 'Apache-2.0', 'OFL-1.1', 'CC-BY-4.0', 'CC-BY-3.0', 'ISC', 'BSD-3-Clause', 'Unlicense', 'CC0-1.0']);
/** Names of products, not of things: they get fewer pictures. */
const LOGOS = new Set(['simple-icons', 'thesvg', 'thesvg-color', 'selfhst', 'token', 'token-branded', 'logos', 'cryptocurrency', 'cryptocurrency-color',
  'devicon', 'devicon-plain', 'vscode-icons', 'material-icon-theme', 'skill-icons', 'streamline-logos', 'cib', 'bxl', 'fa-brands', 'fa6-brands',
  'fa7-brands', 'file-icons', 'bitcoin-icons', 'catppuccin', 'nonicons', 'unjs', 'academicons']);
const FLAGS = new Set(['flag', 'flagpack', 'circle-flags', 'cif']);
const SKIP = new Set(['svg-spinners', 'ginetex']);

const collections = require('@iconify/json/collections.json');
const hashOf = (text) => crypto.createHash('sha256').update(text).digest('hex');
/** Adds the sets that .cache/ has not yet, of packages and our own, to what an earlier run left there. */
const extend = process.argv.includes('--missing');
const manifest = extend ? JSON.parse(fs.readFileSync(path.join(cache, 'manifest.json'), 'utf8')) : { inputs: {}, sets: {} };
for (const name of Object.keys(JSON.parse(fs.readFileSync(path.join(here, 'package.json'), 'utf8')).dependencies)) {
  const folder = path.join(here, 'node_modules', name);
  manifest.inputs[name] = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')).version;
}

/** Resolves an alias chain; null when it is transformed (rotated, flipped) or broken. */
function parentOf(data, name) {
  for (let depth = 0; depth < 6; depth++) {
    if (Object.hasOwn(data.icons, name)) return name;
    const alias = data.aliases?.[name];
    if (!alias || alias.rotate || alias.hFlip || alias.vFlip) return null;
    name = alias.parent;
  }
  return null;
}

const TONE = /-(light|medium-light|medium|medium-dark|dark)-skin-tone/g;

/** The jobs of one set: {set, name, aliases, categories, hex, svg()}. */
function jobsOf(prefix) {
  const file = path.join(here, 'node_modules/@iconify/json/json', `${prefix}.json`);
  const text = fs.readFileSync(file, 'utf8');
  const data = JSON.parse(text);
  const info = collections[prefix];
  const licence = info.license.spdx ?? info.license.title;
  manifest.sets[prefix] = { title: info.name, author: info.author?.name, licence, sha256: hashOf(text), listed: Object.keys(data.icons).length };
  const aliases = Object.create(null);
  for (const alias of Object.keys(data.aliases ?? {})) {
    const parent = parentOf(data, alias);
    if (parent) (aliases[parent] ??= []).push(alias);
  }
  const categories = Object.create(null);
  for (const [category, names] of Object.entries(data.categories ?? {})) for (const n of names) (categories[n] ??= []).push(category);
  const hex = Object.create(null);
  for (const [code, n] of Object.entries(data.chars ?? {})) { const p = parentOf(data, n); if (p && code.length >= 4) (hex[p] ??= code); }
  let names = Object.keys(data.icons).filter((n) => !data.icons[n].hidden);
  if (!HELD_OUT.has(prefix)) {
    // Of the skin-tone variants of one emoji, keep one, chosen by hash so that every tone is seen.
    const groups = new Map();
    for (const n of names) { const base = n.replace(TONE, ''); groups.set(base, [...(groups.get(base) ?? []), n]); }
    names = [...groups.values()].flatMap((g) => g.length < 4 ? g : [...new Set([g[0], g[1 + parseInt(hashOf(prefix + g[0]).slice(0, 6), 16) % (g.length - 1)]])]);
    const cap = LOGOS.has(prefix) ? LOGO_CAP : CAP;
    if (names.length > cap) names = names.map((n) => [hashOf(prefix + n), n]).sort().slice(0, cap).map(([, n]) => n).sort();
  }
  return names.map((name) => {
    const icon = data.icons[name];
    const width = icon.width ?? data.width ?? 16, height = icon.height ?? data.height ?? 16;
    const view = `${icon.left ?? data.left ?? 0} ${icon.top ?? data.top ?? 0} ${width} ${height}`;
    return {
      record: { set: prefix, name, aliases: aliases[name], categories: categories[name], hex: hex[name] ,
        kind: HELD_OUT.has(prefix) ? 'heldout' : LOGOS.has(prefix) ? 'logo' : FLAGS.has(prefix) ? 'flag' : 'icon' },
      svg: () => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${SIZE}" height="${SIZE}" viewBox="${view}" color="#000">${icon.body}</svg>`),
    };
  });
}

function clipartJobs() {
  const root = '/usr/share/openclipart/svg';
  if (!fs.existsSync(root)) return [];
  const files = fs.readdirSync(root, { recursive: true }).filter((f) => f.endsWith('.svg')).sort();
  manifest.sets.openclipart = { title: 'Open Clip Art Library 0.18 (Debian openclipart-svg)', licence: 'public domain', listed: files.length };
  const jobs = [];
  for (const f of files) {
    const full = path.join(root, f);
    if (fs.statSync(full).size > 400_000) continue;
    const text = fs.readFileSync(full, 'utf8');
    const words = [...text.matchAll(/<rdf:li[^>]*>([^<]+)<\/rdf:li>/g)].map((m) => m[1].trim()).filter((w) => w && w.length < 30);
    const title = /<dc:title[^>]*>([^<]{2,60})<\/dc:title>/.exec(text)?.[1]?.trim();
    jobs.push({
      record: { set: 'openclipart', name: path.basename(f, '.svg'), aliases: title ? [title] : undefined, categories: path.dirname(f).split('/'), tags: words, kind: 'clipart' },
      svg: () => fs.readFileSync(full), file: true,
    });
  }
  return jobs;
}

function ownJobs() {
  const jobs = drawnJobs();
  manifest.sets.drawn = { title: 'Drawn by draw.mjs', author: 'this project', licence: 'MIT', listed: jobs.length };
  return jobs;
}

function packageJobs(set) {
  const { pack, licence, jobs, title } = PACKAGES[set];
  const found = jobs();
  const { version, author } = JSON.parse(fs.readFileSync(path.join(here, 'node_modules', pack, 'package.json'), 'utf8'));
  manifest.sets[set] = { title: title ?? `${pack} ${version}`, author: title ? 'this project' : (author?.name ?? author?.replace(/ *[<(].*/, '')) || `the authors of ${pack}`, licence, listed: found.length };
  return found;
}

async function render(job) {
  const input = job.svg();
  let image = sharp(input, { limitInputPixels: 6e7, density: 72 });
  if (job.file) {
    const meta = await image.metadata();
    const density = Math.min(2000, Math.max(1, Math.ceil(72 * SIZE / Math.max(meta.width, meta.height))));
    image = sharp(input, { limitInputPixels: 6e7, density });
  }
  return image.resize(SIZE, SIZE, { fit: 'contain', background: { r: 0, g: 0, b: 0, alpha: 0 }, kernel: 'cubic' }).ensureAlpha().toColourspace('srgb').raw().toBuffer();
}

const only = process.argv.slice(2).filter((a) => !a.startsWith('--'));
const sets = extend ? [] : Object.keys(collections).filter((p) => (HELD_OUT.has(p) || LICENCES.has(collections[p].license.spdx)) && !SKIP.has(p) && (!only.length || only.includes(p)));
if (extend && fs.statSync(path.join(cache, 'alpha.bin')).size !== manifest.counts.alpha * SIZE * SIZE) throw new Error('.cache/ is not what its manifest says: run "node prepare.mjs" to render everything anew.');
const records = fs.createWriteStream(path.join(cache, 'records.jsonl'), { flags: extend ? 'a' : 'w' });
const alphaFile = fs.openSync(path.join(cache, 'alpha.bin'), extend ? 'a' : 'w');
const rgbaFile = fs.openSync(path.join(cache, 'rgba.bin'), extend ? 'a' : 'w');
let { alpha: alphaCount, rgba: rgbaCount, blank, failed } = extend ? manifest.counts : { alpha: 0, rgba: 0, blank: 0, failed: 0 };
const started = Date.now();

function store(job, pixels) {
  const n = SIZE * SIZE;
  const alpha = Buffer.alloc(n);
  let ink = 0, coloured = false;
  for (let i = 0; i < n; i++) {
    const a = pixels[4 * i + 3];
    alpha[i] = a; ink += a;
    if (a > 24 && Math.max(pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]) > 24) coloured = true;
  }
  if (ink < 255 * 6) { blank++; return; }
  const at = coloured ? rgbaCount++ : alphaCount++;
  if (coloured) fs.writeSync(rgbaFile, pixels); else fs.writeSync(alphaFile, alpha);
  const s = manifest.sets[job.record.set];
  s.rendered = (s.rendered ?? 0) + 1;
  records.write(JSON.stringify({ ...job.record, colour: coloured, at }) + '\n');
}

async function runAll(jobs) {
  const window = 8;
  for (let i = 0; i < jobs.length; i += 64 * window) {
    const part = jobs.slice(i, i + 64 * window);
    const results = new Array(part.length);
    let next = 0;
    await Promise.all(Array.from({ length: window }, async () => {
      while (next < part.length) {
        const k = next++;
        results[k] = await render(part[k]).catch(() => null);
      }
    }));
    part.forEach((job, k) => { if (results[k] && results[k].length === SIZE * SIZE * 4) store(job, results[k]); else failed++; });
  }
}

for (const prefix of sets) {
  await runAll(jobsOf(prefix));
  console.log(((Date.now() - started) / 1000).toFixed(0) + 's', prefix, alphaCount, rgbaCount, 'blank', blank, 'failed', failed);
}
if (!only.length && !extend) await runAll(clipartJobs());
if (!only.length) for (const set of Object.keys(PACKAGES).filter((s) => !extend || !manifest.sets[s])) {
  await runAll(packageJobs(set));
  console.log(((Date.now() - started) / 1000).toFixed(0) + 's', set, alphaCount, rgbaCount, 'blank', blank, 'failed', failed);
}
if (!only.length && !(extend && manifest.sets.drawn)) await runAll(ownJobs());
await new Promise((done) => records.end(done));
manifest.counts = { alpha: alphaCount, rgba: rgbaCount, blank, failed };
fs.writeFileSync(path.join(cache, 'manifest.json'), JSON.stringify(manifest, null, 1));
console.log('done', manifest.counts, ((Date.now() - started) / 1000).toFixed(0) + 's');
