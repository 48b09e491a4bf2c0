// Short words, abbreviations and kinds of files as signs and file icons write them, in letters of fonts under the OFL: what teaches the model to read a little.
import path from 'node:path';
import * as fontkit from 'fontkit';

const FILES = `csv pdf doc docx xls xlsx ppt pptx txt rtf md html htm css scss sass less js jsx ts tsx vue json xml yaml yml toml ini env sql db svg png jpg jpeg gif webp avif bmp tif tiff heic raw psd ai eps ico mp3 mp4 wav ogg
  flac aac m4a mov avi mkv webm wmv zip rar 7z gz tar iso dmg exe apk dll bat sh py rb rs java jar cpp cs php swift kt lua dart asm wasm ttf otf woff epub mobi ics vcf eml msg obj stl fbx gltf glb dwg dxf cad cfg diff tsv log`.split(/\s+/);
const SIGNS = `api app url http https www ftp ssh ssl tls vpn dns dhcp ip tcp udp lan wan wifi nfc rfid usb hdmi vga lte gps sms mms rss seo crm erp hr qr sdk ide cli gui ui ux cpu gpu ram rom ssd hdd nas bios os io iot ar vr xr ml llm nlp etl bi kpi
  roi faq eta asap otp id dna rna atm tv hd uhd 4k 8k fhd sd hdr 3d 2d 360 5g 4g 3g 2g gsm fps fm am pm bpm cc tts ev suv ecg mri sos wc ok new free cool up! vs beta alpha abc abcd 123 1234 aa b2b b2c nft btc eth usd eur gbp jpy vat tax iban
  sum avg sin cos tan rgb cmyk hsl hex ascii utf eof null true false nand xor int str bool git npm pwa spa cdn dom ajax jwt oauth sso mfa 2fa todo wip lts rtl ltr h1 h2 h3 h4 h5 h6 1x 2x 10 12 15 18 20 24 25 30 50 60 100 99+ 18+ 24h 24/7 24 31
  mr ms dr pro lite sale dev prod qa ci cd it hi hey wow omg lol yes no xs sm md lg xl xxl wow! gb mb kb tb kg km cm mm ml`.split(/\s+/);
const FONTS = { inter: [400, 600, 900], 'roboto-mono': [400, 700], oswald: [400, 700], rubik: [500, 800], 'barlow-condensed': [500, 700, 900], 'archivo-black': [400], 'source-serif-4': [500, 800], fredoka: [500, 700] };

/** Numbers in 0..1 by a seed (mulberry32). */
function chance(seed) {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
}

/** The outline of a text inside a box, as large as it fits: SVG path data. */
function outline(font, text, x, y, w, h, stretch) {
  const { glyphs, positions } = font.layout(text);
  let at = 0, minX = Infinity, minY = Infinity, maxX = -Infinity, maxY = -Infinity;
  const parts = glyphs.map((glyph, k) => {
    const left = at + positions[k].xOffset, { bbox } = glyph;
    if (bbox.maxX > bbox.minX) {
      minX = Math.min(minX, left + bbox.minX); maxX = Math.max(maxX, left + bbox.maxX);
      minY = Math.min(minY, bbox.minY); maxY = Math.max(maxY, bbox.maxY);
    }
    at += positions[k].xAdvance;
    return [glyph.path, left];
  });
  const sx = w / (maxX - minX), sy = h / (maxY - minY), s = Math.min(sx, sy);
  const kx = Math.min(sx, s * stretch), ky = Math.min(sy, s * stretch);
  const cx = x + w / 2 - kx * (minX + maxX) / 2, cy = y + h / 2 + ky * (minY + maxY) / 2;
  return parts.map(([glyph, left]) => glyph.translate(left, 0).scale(kx, -ky).translate(cx, cy).toSVG()).join('');
}

const box = (x, y, w, h, r) => `M${x + r} ${y}H${x + w - r}a${r} ${r} 0 0 1 ${r} ${r}V${y + h - r}a${r} ${r} 0 0 1 ${-r} ${r}H${x + r}a${r} ${r} 0 0 1 ${-r} ${-r}V${y + r}a${r} ${r} 0 0 1 ${r} ${-r}z`;
const page = (x, y, w, h, f) => `M${x} ${y}H${x + w - f}L${x + w} ${y + f}V${y + h}H${x}z`;

/** How a sign is drawn: (text outline in a box, random numbers) -> SVG body of 64 by 64. */
const SIGN = [
  (t) => `<path d="${t(2, 12, 60, 40)}"/>`,
  (t) => `<path d="${t(2, 16, 60, 32)}"/>`,
  (t, n) => { const r = 2 + n() * 12, s = 2.5 + n() * 3; return `<path d="${box(4, 12, 56, 40, r)}" fill="none" stroke="#000" stroke-width="${s}"/><path d="${t(11, 20, 42, 24)}"/>`; },
  (t, n) => `<path fill-rule="evenodd" d="${box(2, 12, 60, 40, 2 + n() * 14)}${t(8, 19, 48, 26)}"/>`,
  (t, n) => `<path d="${box(4, 4, 56, 56, 27.9)}" fill="none" stroke="#000" stroke-width="${2.5 + n() * 3}"/><path d="${t(13, 21, 38, 22)}"/>`,
  (t, n) => `<path fill-rule="evenodd" d="${box(2, 2, 60, 60, n() < .5 ? 29.9 : 4 + n() * 10)}${t(10, 18, 44, 28)}"/>`,
  (t, n) => `<path d="${box(4, 4, 56, 56, 2 + n() * 10)}" fill="none" stroke="#000" stroke-width="${2.5 + n() * 3}"/><path d="${t(11, 18, 42, 28)}"/>`,
  (t, n) => { const [a, b] = colours(n); return `<path fill="${a}" d="${box(2, 8, 60, 48, 3 + n() * 20)}"/><path fill="${b}" d="${t(9, 18, 46, 28)}"/>`; },
];

const FILE = [
  (t, n) => `<path d="${page(10, 4, 44, 56, 14)}M40 4V18H54" fill="none" stroke="#000" stroke-width="${2.5 + n() * 2.5}" stroke-linejoin="round"/><path d="${t(16, 32, 32, 18)}"/>`,
  (t) => `<path fill-rule="evenodd" d="${page(8, 2, 48, 60, 16)}${t(13, 30, 38, 22)}"/>`,
  (t, n) => `<path d="M12 28V4H40L54 18V28M40 4V18H54" fill="none" stroke="#000" stroke-width="${2.5 + n() * 2.5}" stroke-linejoin="round"/><path d="${t(4, 36, 56, 22)}"/>`,
  (t, n) => `<path d="M14 30V3H40L54 17V30M40 3V17H54" fill="none" stroke="#000" stroke-width="${2.5 + n() * 2}" stroke-linejoin="round"/><path fill-rule="evenodd" d="${box(3, 35, 58, 26, 2 + n() * 5)}${t(9, 40, 46, 16)}"/>`,
  (t, n) => { const [a, b] = colours(n); return `<path fill="${n() < .5 ? '#e8ecf1' : a}" d="${page(10, 2, 44, 60, 14)}"/><path fill="#0003" d="M40 2V16H54z"/><path fill="${a}" d="${box(4, 32, 50, 22, 3)}"/><path fill="${b}" d="${t(9, 36, 40, 14)}"/>`; },
  (t, n) => { const [a, b] = colours(n); return `<path fill="${a}" d="${page(8, 2, 48, 60, 16)}"/><path fill="#fff5" d="M40 2V18H56z"/><path fill="${b}" d="${t(13, 32, 38, 20)}"/>`; },
];

/** A dark or strong colour and one that is read on it. */
function colours(n) {
  const hue = Math.floor(n() * 360);
  return n() < .2 ? [`hsl(${hue},80%,85%)`, `hsl(${hue},70%,25%)`] : [`hsl(${hue},${60 + Math.floor(n() * 35)}%,${25 + Math.floor(n() * 22)}%)`, '#fff'];
}

/** [{name: as records call it, called: what it says, body(): SVG body of 64 by 64}]; `modules` holds the fonts' packages. */
export function lettering(modules) {
  const open = new Map();
  const fontOf = (name, weight) => {
    const file = path.join(modules, '@fontsource', name, 'files', `${name}-latin-${weight}-normal.woff`);
    if (!open.has(file)) open.set(file, fontkit.openSync(file));
    return open.get(file);
  };
  const faces = Object.entries(FONTS).flatMap(([name, weights]) => weights.map((weight) => [name, weight]));
  let seed = 0;
  const drawn = (text, called, draw, k) => {
    const n = chance(++seed * 7919);
    const face = faces[Math.floor(n() * faces.length)], upper = n() < .7, stretch = 1 + n() * .7;
    return { name: `${called}--${k}`, called, body: () => draw((x, y, w, h) => outline(fontOf(...face), upper ? text.toUpperCase() : text, x, y, w, h, stretch), n) };
  };
  const signs = [...new Set([...FILES, ...SIGNS])].flatMap((text) => SIGN.map((draw, k) => drawn(text, text, draw, k)));
  return [...signs, ...FILES.flatMap((text) => FILE.map((draw, k) => drawn(text, `file-${text}`, draw, k)))];
}
