// Serves the webview with a mock host, for screenshots, component tests and work on the looks (serve.mjs).
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import esbuild from 'esbuild';

const repository = process.cwd();
const modules = join(repository, 'node_modules');

const emoji = {
  '1f6d2': 'shopping-cart', '1f600': 'grinning-face', '1f436': 'dog-face', '1f431': 'cat-face', '1f697': 'automobile', '1f680': 'rocket', '1f334': 'palm-tree', '1f308': 'rainbow',
  '2601': 'cloud', '2744': 'snowflake', '1f355': 'pizza', '1f34e': 'red-apple', '1f4f7': 'camera', '1f512': 'locked', '1f511': 'key', '2764': 'red-heart', '2b50': 'star', '1f525': 'fire',
  '1f4a1': 'light-bulb', '1f3b5': 'musical-note', '26bd': 'soccer-ball', '1f3c6': 'trophy', '1f381': 'gift', '1f3e0': 'house', '1f47b': 'ghost', '1f916': 'robot', '1f40d': 'snake', '1f98a': 'fox',
};

/** Drawn pictures: opaque ones, and light ones on transparent ground. */
const landscape = (hue, sun) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200" width="320" height="200"><defs><linearGradient id="s" x2="0" y2="1"><stop stop-color="hsl(${hue} 70% 62%)"/><stop offset="1" stop-color="hsl(${hue + 40} 80% 85%)"/></linearGradient></defs><rect width="320" height="200" fill="url(#s)"/><circle cx="${sun}" cy="60" r="24" fill="#fff3c4"/><path d="M0 150 70 90l50 40 70-70 130 100v40H0z" fill="hsl(${hue + 150} 30% 35%)"/><path d="M0 170q80-40 160-10t160-10v50H0z" fill="hsl(${hue + 120} 35% 25%)"/></svg>`;

/** Tiles (as in protocol.ts) and their pictures by address. */
function makeAssets() {
  const pictures = new Map();
  const tiles = [];
  const add = (path, svg, width, height, format = 'svg') => {
    const hash = tiles.length.toString(16).padStart(8, '0');
    const thumbnail = `/thumbnails/${hash}.svg`;
    pictures.set(thumbnail, svg);
    tiles.push({
      root: 'web-app', rootName: 'web-app', path, part: 0, hash, format, width, height, sizeBytes: 400 + (tiles.length * 7919) % 90_000,
      title: '', score: null, matched: { visual: false, name: false }, thumbnail,
    });
  };
  const names = (folder, every, count) => readdirSync(folder).filter(name => name.endsWith('.svg')).filter((_, index) => index % every === 0).slice(0, count);
  for (const [code, name] of Object.entries(emoji)) { add(`assets/emoji/${name}.png`, readFileSync(join(modules, `@twemoji/svg/${code}.svg`), 'utf8'), 72, 72, 'png'); }
  for (let i = 0; i < 14; i++) { add(`assets/photos/landscape-${String(i + 1).padStart(2, '0')}.${i % 3 ? 'jpg' : 'webp'}`, landscape(i * 26, 60 + i * 15), 1600, 1000, i % 3 ? 'jpeg' : 'webp'); }
  const lucide = join(modules, 'lucide-static/icons');
  for (const name of ['shopping-cart.svg', 'shopping-bag.svg', 'shopping-basket.svg', ...names(lucide, 9, 200)]) { add(`icons/outline/${name}`, readFileSync(join(lucide, name), 'utf8'), 24, 24); }
  const light = name => readFileSync(join(lucide, name), 'utf8').replaceAll('currentColor', '#ffffff');
  for (const name of names(lucide, 43, 40)) { add(`icons/on-dark/${name.replace('.svg', '-white.svg')}`, light(name), 24, 24); }
  const filled = join(modules, '@phosphor-icons/core/assets/fill');
  for (const [index, name] of names(filled, 7, 160).entries()) {
    add(`icons/brand/${name}`, readFileSync(join(filled, name), 'utf8').replaceAll('currentColor', `hsl(${index * 37 % 360} 65% ${40 + index % 3 * 10}%)`), 256, 256);
  }
  const duotone = join(modules, '@phosphor-icons/core/assets/duotone');
  for (const name of names(duotone, 13, 110)) { add(`icons/duotone/${name}`, readFileSync(join(duotone, name), 'utf8'), 32, 32); }
  return { tiles, pictures };
}

async function bundle(entry) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(repository, entry)], bundle: true, write: false, format: 'iife', target: 'es2022', minify: true, tsconfig: join(repository, 'webview/tsconfig.json'),
  });
  return outputFiles[0].text;
}

/**
 * Starts the server on 127.0.0.1. `bundleFile`: a built dist/webview.js; without it the sources are bundled here.
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function startDevServer({ bundleFile, port = 0 } = {}) {
  const { tiles, pictures } = makeAssets();
  const webview = bundleFile ? readFileSync(bundleFile, 'utf8') : await bundle('webview/main.ts');
  const mockHost = await bundle('webview/dev/mockHost.ts');
  const nonce = 'b64nonce+Development==';
  // As the extension's own page (src/host/webviewHtml.ts), with 'self' for VS Code's resource origin.
  const policy = `default-src 'none'; img-src 'self' blob: data:; style-src 'self' 'nonce-${nonce}'; font-src 'self'; script-src 'nonce-${nonce}'`;
  const page = kind => `<!DOCTYPE html><html lang="en"><head><meta charset="UTF-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${nonce}"><link rel="icon" href="data:,"><link rel="stylesheet" nonce="${nonce}" href="/codicon.css"><title>Asset Search</title></head>
<body data-kind="${kind}"><script nonce="${nonce}" src="/mockAssets.js"></script><script nonce="${nonce}" src="/mockHost.js"></script><script nonce="${nonce}" src="/webview.js"></script></body></html>`;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
    const send = (type, body) => { response.writeHead(200, { 'content-type': type }); response.end(body); };
    if (pathname === '/') { return send('text/html', page(['panel', 'status'].find(kind => kind === searchParams.get('kind')) ?? 'sidebar')); }
    if (pathname === '/webview.js') { return send('text/javascript', webview); }
    if (pathname === '/mockHost.js') { return send('text/javascript', mockHost); }
    if (pathname === '/mockAssets.js') { return send('text/javascript', `window.mockAssets = ${JSON.stringify(tiles)};`); }
    if (pathname.startsWith('/codicon.')) { return send(pathname.endsWith('css') ? 'text/css' : 'font/ttf', readFileSync(join(modules, '@vscode/codicons/dist', pathname.slice(1)))); }
    const picture = pictures.get(pathname);
    if (picture) { return send('image/svg+xml', picture); }
    response.writeHead(404).end();
  });
  await new Promise(done => server.listen(port, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => new Promise(done => { server.close(() => done()); server.closeAllConnections(); }),
  };
}
