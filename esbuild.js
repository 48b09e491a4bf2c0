// Bundles every process of the extension, and checks on the metafile that no bundle holds what its process must not load.
const esbuild = require('esbuild');
const { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } = require('node:fs');
const { isBuiltin } = require('node:module');
const { basename, join, relative, resolve } = require('node:path');

const watch = process.argv.includes('--watch');
const production = process.argv.includes('--production');
const withTests = process.argv.includes('--tests');
const option = name => process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;
/** package.mjs builds into a folder of its own, beside what a developer runs. */
const dist = resolve(__dirname, option('--outdir') ?? 'dist');

const natives = ['@lancedb/lancedb', 'apache-arrow', 'onnxruntime-node', 'sharp'];
const node = {
  bundle: true, platform: 'node', format: 'cjs', target: 'node20', charset: 'utf8',
  sourcemap: production ? false : 'linked', minify: production, metafile: true, logLevel: 'warning',
};
const exists = file => existsSync(join(__dirname, file));
const find = (folder, ending) => exists(folder)
  ? readdirSync(join(__dirname, folder), { recursive: true }).map(String).filter(name => name.endsWith(ending)).map(name => `${folder}/${name}`)
  : [];

/** Of the list of emojis only names by sign go into the bundles: 50 KB of 570. */
const emojiNames = {
  name: 'emoji-names',
  setup(build) {
    build.onLoad({ filter: /emojibase-data[\\/]en[\\/]compact\.json$/ }, ({ path }) => (
      { contents: JSON.stringify(Object.fromEntries(JSON.parse(readFileSync(path, 'utf8')).map(({ unicode, label }) => [unicode, label]))), loader: 'json' }));
  },
};

const bundles = {
  extension: { ...node, entryPoints: ['src/extension.ts'], outdir: dist, external: ['vscode'] },
  engine: {
    ...node, outdir: dist, external: natives,
    entryPoints: ['src/engine.ts', 'src/cli.ts', 'src/core/encodeProcess.ts', 'src/core/decodeProcess.ts', 'src/core/conformanceProcess.ts', 'src/core/jpeg2000Worker.ts'],
    entryNames: '[name]',
  },
  webview: {
    bundle: true, platform: 'browser', format: 'iife', target: 'es2022', metafile: true, logLevel: 'warning',
    entryPoints: ['webview/main.ts'], outfile: join(dist, 'webview.js'), tsconfig: 'webview/tsconfig.json',
    sourcemap: production ? false : 'linked', minify: production || !watch,
  },
};
if (withTests) {
  bundles.tests = {
    ...node, outdir: 'out', outbase: '.', external: [...natives, 'vscode', 'mocha', 'playwright-core', 'esbuild'],
    entryPoints: [...find('test', '.test.ts'), ...find('test/vscode', 'index.ts'), ...find('bench', '.ts')],
  };
}

/** The dependency rule of src/README.md, checked on what was really bundled. */
const forbidden = {
  extension: [/(^|\/)src\/core\//, /(^|\/)webview\//, ...natives.map(name => new RegExp(`node_modules/${name}/`)), /\.node$/],
  engine: [/(^|\/)src\/host\//, /(^|\/)webview\//],
  webview: [/(^|\/)src\/(?!protocol\.ts$)/],
};
/** Of src/models, src/errors.ts, src/lock.ts and src/disk.ts, which both sides hold: what else of src they may import. */
const shared = /(^|\/)src\/(models\/|(errors|lock|disk)\.ts$)/;
const sharedMayImport = /(^|\/)src\/(models\/|(errors|lock|disk|protocol)\.ts$)|node_modules\//;
function checkDependencies(name, metafile) {
  const broken = [];
  for (const [file, { imports }] of Object.entries(metafile.inputs)) {
    for (const { path, external } of imports) {
      if (shared.test(file) && !(external ? isBuiltin(path) : sharedMayImport.test(path))) { broken.push(`${file} imports ${path}`); }
    }
  }
  for (const [output, { inputs, imports }] of Object.entries(metafile.outputs)) {
    for (const input of Object.keys(inputs)) {
      if (forbidden[name]?.some(rule => rule.test(input))) { broken.push(`${output} holds ${input}`); }
    }
    for (const { path } of imports) {
      if (name === 'engine' && path === 'vscode') { broken.push(`${output} imports vscode`); }
      if (name === 'extension' && natives.includes(path)) { broken.push(`${output} imports ${path}`); }
    }
  }
  if (broken.length > 0) { throw new Error(`Dependency rule broken:\n  ${broken.join('\n  ')}`); }
}

/** Which files went into the bundles, and which packages the bundles require when they run. */
function contentsOf(metafiles) {
  const outputs = metafiles.flatMap(({ outputs }) => Object.values(outputs));
  const imports = outputs.flatMap(({ imports }) => imports.filter(({ external, path }) => external && path !== 'vscode' && !isBuiltin(path)));
  return { bundled: [...new Set(outputs.flatMap(({ inputs }) => Object.keys(inputs)))], required: [...new Set(imports.map(({ path }) => path))] };
}

async function main() {
  // Only what is made anew: out/ also holds packages.
  if (!watch && dist === join(__dirname, 'dist')) { for (const folder of ['bench', 'failures', 'screenshots', 'test']) { rmSync(join(__dirname, 'out', folder), { recursive: true, force: true }); } }
  mkdirSync(dist, { recursive: true });
  // OpenJPEG is loaded by jpeg2000Worker.js from its own folder.
  const copied = [...['codicon.css', 'codicon.ttf'].map(name => `@vscode/codicons/dist/${name}`), '@cornerstonejs/codec-openjpeg/decodewasm'].map(name => require.resolve(name));
  for (const file of copied) { copyFileSync(file, join(dist, basename(file))); }
  const metafiles = [];
  for (const [name, options] of Object.entries(bundles)) {
    if (options.entryPoints.length === 0) { continue; }
    const check = { name: 'dependency-rule', setup(build) { build.onEnd(result => { if (result.metafile) { checkDependencies(name, result.metafile); metafiles.push(result.metafile); } }); } };
    const context = await esbuild.context({ ...options, plugins: [emojiNames, check] });
    if (watch) { await context.watch(); } else { await context.rebuild(); await context.dispose(); }
  }
  if (watch) { console.log('[watch] build finished, watching'); }
  if (option('--contents')) {
    const { bundled, required } = contentsOf(metafiles);
    writeFileSync(option('--contents'), JSON.stringify({ bundled: [...bundled, ...copied.map(file => relative(__dirname, file))], required }));
  }
}

main().catch(error => { console.error(error.message ?? error); process.exit(1); });
