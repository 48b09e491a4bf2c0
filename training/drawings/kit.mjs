// What every drawing is made with: seeded chance, themes, boxes, lines, a stroke alphabet and small icons, all as SVG text.

/** Mulberry32: the same seed gives the same drawings on every machine. */
export function randomOf(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Several tints a colour word. */
export const COLOURS = {
  red: ['#e53935', '#dc2626', '#ff4136', '#c0202a'], orange: ['#fb8c00', '#f97316', '#ff851b', '#f2941f'], yellow: ['#fdd835', '#facc15', '#ffdc00', '#f6d32d'],
  green: ['#43a047', '#16a34a', '#2ecc40', '#22863a'], teal: ['#009688', '#14b8a6', '#1ba0a0', '#0d9488'], blue: ['#1e88e5', '#2563eb', '#0074d9', '#3b5bdb'],
  purple: ['#8e24aa', '#7c3aed', '#9b59b6', '#6f42c1'], pink: ['#ec407a', '#f472b6', '#ff69b4', '#e64980'], brown: ['#795548', '#8b5a2b', '#6d4c41', '#92613a'],
  black: ['#000000', '#111111', '#1a1a1a', '#222222'], white: ['#ffffff', '#fafafa', '#f4f4f5', '#fdfdfd'], gray: ['#9e9e9e', '#808080', '#6b7280', '#a1a1aa'],
};
const ACCENTS = ['#2563eb', '#0ea5e9', '#6366f1', '#7c3aed', '#db2777', '#e11d48', '#ea580c', '#ca8a04', '#16a34a', '#0d9488', '#0891b2', '#334155', '#1976d2', '#00897b', '#f44336', '#5c6bc0'];
const SERIES = [['#4e79a7', '#f28e2b', '#e15759', '#76b7b2', '#59a14f', '#edc948'], ['#2563eb', '#60a5fa', '#93c5fd', '#1e3a8a', '#3b82f6', '#bfdbfe'],
  ['#ef4444', '#f59e0b', '#10b981', '#3b82f6', '#8b5cf6', '#ec4899'], ['#003f5c', '#58508d', '#bc5090', '#ff6361', '#ffa600', '#7a5195'],
  ['#1b9e77', '#d95f02', '#7570b3', '#e7298a', '#66a61e', '#e6ab02'], ['#8ecae6', '#219ebc', '#023047', '#ffb703', '#fb8500', '#126782']];

/** Strokes on a grid of 8 by 12, a point is two base-36 digits; "~" starts a curve whose every second point is a control point. */
const STROKES = {
  A: '0c408c 2767', B: '0c0040 ~4070737646 0646 ~4686898c4c 4c0c', C: '~82704000060c4c7c8a', D: '0c0030 ~3080868c3c 3c0c', E: '80000c8c 0666', F: '80000c 0666',
  G: '~82704000060c4c8c87 8757', H: '000c 808c 0686', I: '404c 2060 2c6c', J: '6069 ~696c3c0c09', K: '000c 8006 258c', L: '000c8c', M: '0c0047808c', N: '0c008c80',
  O: '~4000060c4c8c868040', P: '0c0040 ~4080838646 4606', Q: '~4000060c4c8c868040 598c', R: '0c0040 ~4080838646 4606 368c', S: '~827040000306468689' + '8c4c1c0a', T: '0080 404c',
  U: '0007 ~070c4c8c87 8780', V: '004c80', W: '002c456c80', X: '008c 800c', Y: '004680 464c', Z: '00800c8c',
  0: '~4010161c4c7c767040', 1: '13404c 1c7c', 2: '~0300408084870c 0c8c', 3: '~02104080838646 ~4686898c4c0c0a', 4: '6c600888', 5: '701005 ~05244484888c4c0c0a',
  6: '~72604000070c4c8c8884440408', 7: '00803c', 8: '~401013164676737040 ~4606090c4c8c898646', 9: '~1a2c4c8c858040000408488884',
  '?': '~03004080838547 4748 4b4c', '!': '4048 4b4c', '+': '0686 424a', '-': '0686', '=': '0484 0888', '×': '127a 721a', '÷': '0686 4243 494a',
  '%': '800c ~200002042444424020 ~68484a4c6c8c8a8868', '#': '301c 705c 0484 0888', '/': '800c', '*': '424a 1478 1874', '(': '~6020262c6c', ')': '~2060666c2c',
  '[': '60202c6c', ']': '20606c2c', '{': '~6040434626 ~2646494c6c', '}': '~2040434666 ~6646494c2c', '<': '80068c', '>': '00860c', '$': '~8270400003064686898c4c1c0a 404c',
  '€': '~82705010161c5c7c8a 0555 0757', ':': '4344 494a', '.': '4b4c', ',': '4a4b3d', '"': '2023 6063', '^': '054085', '~': '~0724466885', '√': '06274c80',
  'π': '0282 222c 626c', '∑': '8000460c8c', '≠': '0484 0888 721a', '≤': '800488 0c8c', '≥': '008408 0c8c', '∞': '~4600060c4686' + '868c46', '|': '404c',
};
/** Strokes on a grid of 24 by 24. */
const ICONS = {
  search: 'M10 3a7 7 0 1 0 .01 0M15 15l6 6', plus: 'M12 4v16M4 12h16', check: 'M4 13l5 5L20 6', x: 'M5 5l14 14M19 5L5 19', down: 'M5 9l7 7 7-7', up: 'M5 15l7-7 7 7', right: 'M9 5l7 7-7 7',
  left: 'M15 5l-7 7 7 7', user: 'M12 3a4.5 4.5 0 1 0 .01 0M4 21c0-9 16-9 16 0', bell: 'M5 18h14l-2-4V9c0-6-10-6-10 0v5zM10 21h4', home: 'M3 12l9-8 9 8M6 10v10h12V10',
  heart: 'M12 20C-4 9 7 0 12 7c5-7 16 2 0 13z', star: 'M12 3l2.7 6 6.3.6-4.8 4.3 1.5 6.4L12 17l-5.7 3.3 1.5-6.4L3 9.6 9.3 9z', mail: 'M3 6h18v13H3zM3 7l9 7 9-7', lock: 'M5 11h14v10H5zM8 11V8c0-6 8-6 8 0v3',
  upload: 'M12 16V4M6 10l6-6 6 6M4 15v5h16v-5', download: 'M12 4v12M6 10l6 6 6-6M4 15v5h16v-5', trash: 'M4 6h16M9 6V3h6v3M6 6l1 15h10l1-15', gear: 'M12 8a4 4 0 1 0 .01 0M12 2v4M12 18v4M2 12h4M18 12h4M5 5l3 3M16 16l3 3M19 5l-3 3M8 16l-3 3',
  image: 'M3 4h18v16H3zM4 18l6-7 4 5 3-3 4 5', play: 'M7 4l13 8-13 8z', pause: 'M8 4v16M16 4v16', cart: 'M2 4h3l3 11h10l3-8H6M9 19v1M17 19v1', menu: 'M3 6h18M3 12h18M3 18h18', calendar: 'M3 5h18v16H3zM3 10h18M8 2v5M16 2v5',
  folder: 'M3 5h7l2 3h9v12H3z', file: 'M6 2h8l5 5v15H6zM14 2v5h5', chat: 'M3 4h18v13H10l-5 4v-4H3z', chart: 'M4 20V10M10 20V4M16 20v-8M21 20H2', info: 'M12 3a9 9 0 1 0 .01 0M12 11v6M12 7v.5', warn: 'M12 3l10 18H2zM12 10v5M12 18v.3',
  eye: 'M2 12c5-9 15-9 20 0-5 9-15 9-20 0M12 9a3 3 0 1 0 .01 0', mic: 'M9 4h6v9H9zM5 11c0 9 14 9 14 0M12 18v4', dots: 'M5 12v.1M12 12v.1M19 12v.1', next: 'M5 4l11 8-11 8zM19 4v16', prev: 'M19 4L8 12l11 8zM5 4v16', send: 'M3 4l18 8-18 8 3-8z', edit: 'M4 20l1-5L16 4l4 4L9 19z',
};
const WORDS = ['OK', 'SAVE', 'SEND', 'LOGIN', 'NEXT', 'MENU', 'OPEN', 'BUY', 'EDIT', 'HOME', 'NEW', 'SUBMIT', 'START', 'CLOSE', 'NAME', 'ADD', 'BACK', 'DONE', 'JOIN', 'FREE', 'SIGN UP', 'GO'];
const n = (v) => Math.round(v * 100) / 100;

/** A theme: wire frames are black strokes on nothing, so that training can paint them in any colour. */
function themeOf(r, pick) {
  const mode = pick(['wire', 'wire', 'flat', 'flat', 'outline', 'dark', 'dark', 'soft', 'tinted']);
  const accent = pick(ACCENTS), radius = pick([0, 2, 4, 6, 10, 16]), stroke = pick([1, 1.5, 2, 2, 3]);
  const common = { mode, radius, sw: stroke, series: pick(SERIES), textStyle: pick(['bar', 'bar', 'words', 'letters', 'letters']), good: '#22a559', bad: '#e0393e', warn: '#f0a020' };
  if (mode === 'wire') return { ...common, sw: stroke + 1, page: 'none', surface: 'none', line: '#000', ink: '#000', muted: '#000', soft: 'none', accent: '#000', onAccent: '#000', good: '#000', bad: '#000', warn: '#000', series: ['#000', 'none'] };
  if (mode === 'dark') {
    const [page, surface, line] = pick([['#0f172a', '#1e293b', '#3b4a63'], ['#121212', '#1e1e1e', '#444'], ['#18181b', '#27272a', '#52525b'], ['#1b1b2f', '#2a2a46', '#4b4b78'], ['#0d1117', '#161b22', '#30363d']]);
    return { ...common, page, surface, line, ink: '#e8eaf0', muted: '#8b93a5', soft: line, accent, onAccent: '#fff' };
  }
  if (mode === 'outline') return { ...common, page: '#fff', surface: '#fff', line: '#333', ink: '#222', muted: '#777', soft: '#eee', accent, onAccent: '#fff' };
  if (mode === 'soft') return { ...common, radius: radius + 6, page: '#eef1f6', surface: '#fff', line: '#d8dee9', ink: '#3b4252', muted: '#9aa5b8', soft: '#e3e9f3', accent, onAccent: '#fff' };
  if (mode === 'tinted') return { ...common, page: pick(['#fff7ed', '#f0fdf4', '#eff6ff', '#fdf2f8', '#fefce8', '#f5f3ff']), surface: '#fff', line: accent, ink: '#2a2a35', muted: '#8a8a99', soft: '#f0e9e4', accent, onAccent: '#fff' };
  return { ...common, page: pick(['#fff', '#f5f5f5', 'none']), surface: '#fff', line: '#d0d4da', ink: '#26282c', muted: '#8d949e', soft: '#e8eaee', accent, onAccent: '#fff' };
}

export class Kit {
  constructor(seed) {
    this.r = randomOf(seed);
    this.t = themeOf(this.r, (list) => this.pick(list));
  }
  f(a, b) { return a + (b - a) * this.r(); }
  int(a, b) { return Math.floor(this.f(a, b + 1)); }
  pick(list) { return list[Math.floor(this.r() * list.length)]; }
  chance(p) { return this.r() < p; }
  times(count, make) { return Array.from({ length: count }, (_, i) => make(i)).join(''); }
  get wire() { return this.t.mode === 'wire'; }

  /** The whole drawing, w by h units with `pad` around it on the theme's page. */
  svg(w, h, body, { pad = 0, page = this.t.page } = {}) {
    const W = w + 2 * pad, H = h + 2 * pad, scale = 64 / Math.max(W, H);
    const back = page === 'none' ? '' : `<rect x="${n(-pad)}" y="${n(-pad)}" width="${n(W)}" height="${n(H)}" fill="${page}"/>`;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${n(W * scale)}" height="${n(H * scale)}" viewBox="${n(-pad)} ${n(-pad)} ${n(W)} ${n(H)}" fill="none" stroke-linecap="round" stroke-linejoin="round">${back}${body}</svg>`;
  }
  attributes({ fill = 'none', stroke, sw = this.t.sw, opacity }) {
    return ` fill="${fill}"` + (stroke ? ` stroke="${stroke}" stroke-width="${n(sw)}"` : '') + (opacity === undefined ? '' : ` opacity="${n(opacity)}"`);
  }
  box(x, y, w, h, o = {}) { return `<rect x="${n(x)}" y="${n(y)}" width="${n(Math.max(0, w))}" height="${n(Math.max(0, h))}" rx="${n(Math.min(o.r ?? this.t.radius, w / 2, h / 2))}"${this.attributes(o)}/>`; }
  disc(x, y, r, o = {}) { return `<circle cx="${n(x)}" cy="${n(y)}" r="${n(Math.max(.1, r))}"${this.attributes(o)}/>`; }
  path(d, o = {}) { return `<path d="${d}"${this.attributes(o)}/>`; }
  line(points, o = {}) { return this.path('M' + points.map(([x, y]) => `${n(x)} ${n(y)}`).join('L') + (o.close ? 'z' : ''), o); }
  stroke(points, colour, sw) { return this.line(points, { stroke: colour ?? this.t.line, sw }); }
  /** A wedge of a pie, or of a ring when `inner` is given; angles in turns from the top. */
  wedge(x, y, r, from, to, o = {}, inner = 0) {
    const at = (a, q) => `${n(x + q * Math.sin(a * 2 * Math.PI))} ${n(y - q * Math.cos(a * 2 * Math.PI))}`, big = to - from > .5 ? 1 : 0;
    return this.path(`M${at(from, r)}A${n(r)} ${n(r)} 0 ${big} 1 ${at(to, r)}L${inner ? `${at(to, inner)}A${n(inner)} ${n(inner)} 0 ${big} 0 ${at(from, inner)}` : `${n(x)} ${n(y)}`}z`, o);
  }

  /** A panel: the theme's surface with an edge. */
  panel(x, y, w, h, o = {}) { return this.box(x, y, w, h, { fill: this.t.surface, stroke: this.t.line, ...o }); }
  /** An area in the accent colour; a wire frame has its edge only. */
  solid(x, y, w, h, o = {}) { return this.wire ? this.box(x, y, w, h, { stroke: '#000', r: o.r }) : this.box(x, y, w, h, { fill: this.t.accent, ...o }); }
  /** An area in a fill that a wire frame draws as an edge. */
  area(x, y, w, h, fill, o = {}) { return this.wire ? this.box(x, y, w, h, { stroke: '#000', ...o }) : this.box(x, y, w, h, { fill, ...o }); }
  blob(x, y, r, fill) { return this.wire ? this.disc(x, y, r, { stroke: '#000' }) : this.disc(x, y, r, { fill }); }
  shade(i) { return this.t.series[i % this.t.series.length]; }

  glyph(char, x, y, w, h, colour, sw) {
    const d = (STROKES[char] ?? '').split(' ').filter(Boolean).map((s) => {
      const curve = s[0] === '~', digits = curve ? s.slice(1) : s, points = [];
      for (let i = 0; i < digits.length; i += 2) points.push(`${n(x + parseInt(digits[i], 36) * w / 8)} ${n(y + parseInt(digits[i + 1], 36) * h / 12)}`);
      if (!curve) return 'M' + points.join('L');
      return 'M' + points[0] + points.slice(1).map((p, i) => (i % 2 ? ' ' : 'Q') + p).join('');
    }).join('');
    return this.path(d, { stroke: colour, sw });
  }
  /** Letters in strokes, centred (or from x with anchor 'start'). */
  label(text, x, y, h, colour = this.t.ink, { anchor = 'middle', sw = h / 7 } = {}) {
    const step = h * .82, width = text.length * step - h * .22, from = anchor === 'start' ? x : x - width / 2;
    return [...text].map((c, i) => this.glyph(c, from + i * step, y - h / 2, h * .6, h, colour, sw)).join('');
  }
  /** Text as a screen seen from afar shows it: a bar, bars a word long, or strokes. (x, y) is its left middle. */
  text(x, y, w, h = 8, colour = this.t.ink) {
    if (this.t.textStyle === 'bar' || w < h) return this.box(x, y - h * .35, w, h * .7, { fill: colour, r: h / 3 });
    let out = '', at = x;
    while (at < x + w - h) {
      const word = Math.min(x + w - at, h * this.f(1, 4));
      if (this.t.textStyle === 'words') out += this.box(at, y - h * .35, word, h * .7, { fill: colour, r: 1 });
      else for (let c = at; c < at + word - h * .3; c += h * .62) out += this.box(c, y - h * this.pick([.35, .35, .55]), h * .42, h * .72, { fill: colour, r: h / 8, opacity: .85 });
      at += word + h * .6;
    }
    return out;
  }
  lines(x, y, w, count, gap = 14, h = 7, colour = this.t.muted) { return this.times(count, (i) => this.text(x, y + i * gap, i === count - 1 ? w * this.f(.4, .8) : w * this.f(.85, 1), h, colour)); }
  word() { return this.pick(WORDS); }
  icon(name, x, y, size, colour = this.t.ink, sw = 2.2) {
    return `<path transform="translate(${n(x - size / 2)} ${n(y - size / 2)}) scale(${n(size / 24)})" d="${ICONS[name]}" stroke="${colour}" stroke-width="${sw}"/>`;
  }
  anyIcon(x, y, size, colour, sw) { return this.icon(this.pick(Object.keys(ICONS)), x, y, size, colour, sw); }
  /** A photograph's stand-in. */
  picture(x, y, w, h, o = {}) {
    if (this.wire || this.chance(.3)) return this.panel(x, y, w, h, { fill: this.t.soft, ...o }) + (this.chance(.5) ? this.icon('image', x + w / 2, y + h / 2, Math.min(w, h) * .5, this.t.muted) : this.stroke([[x, y], [x + w, y + h]]) + this.stroke([[x + w, y], [x, y + h]]));
    const id = `c${Math.floor(this.r() * 1e9)}`, sky = this.pick(['#9bd0f5', '#f9c58d', '#b8c0ff', '#ffd6e0', '#cfe8d5']);
    return `<clipPath id="${id}">${this.box(x, y, w, h, o)}</clipPath><g clip-path="url(#${id})">${this.box(x, y, w, h, { fill: sky, r: 0 })}${this.disc(x + w * .75, y + h * .3, Math.min(w, h) * .12, { fill: '#fff3b0' })}${
      this.line([[x, y + h], [x + w * .35, y + h * .4], [x + w * .6, y + h * .75], [x + w * .75, y + h * .55], [x + w, y + h]], { fill: this.pick(['#5b8c5a', '#6d6875', '#457b9d', '#a44a3f']), close: true })}</g>`;
  }
  person(x, y, r, colour = this.pick(ACCENTS)) {
    if (this.wire) return this.disc(x, y, r, { stroke: '#000' }) + this.disc(x, y - r * .25, r * .32, { stroke: '#000' }) + this.path(`M${n(x - r * .6)} ${n(y + r * .7)}C${n(x - r * .5)} ${n(y)} ${n(x + r * .5)} ${n(y)} ${n(x + r * .6)} ${n(y + r * .7)}`, { stroke: '#000' });
    const skin = this.pick(['#f6d3b3', '#e0a97a', '#b97a4b', '#7a4a2b', '#fff', '#fff']);
    return this.disc(x, y, r, { fill: colour }) + this.disc(x, y - r * .22, r * .36, { fill: skin }) + this.path(`M${n(x - r * .66)} ${n(y + r * .73)}C${n(x - r * .6)} ${n(y + r * .1)} ${n(x + r * .6)} ${n(y + r * .1)} ${n(x + r * .66)} ${n(y + r * .73)}A${n(r)} ${n(r)} 0 0 1 ${n(x - r * .66)} ${n(y + r * .73)}z`, { fill: skin });
  }
  field(x, y, w, h, { icon, text = .5, end } = {}) {
    return this.panel(x, y, w, h) + (icon ? this.icon(icon, x + h * .55, y + h / 2, h * .55, this.t.muted) : '') + (text ? this.text(x + (icon ? h : h * .35), y + h / 2, w * text, h * .26, this.t.muted) : '') + (end ? this.icon(end, x + w - h * .5, y + h / 2, h * .5, this.t.ink) : '');
  }
  button(x, y, w, h, { text = this.word(), r } = {}) { return this.solid(x, y, w, h, { r }) + this.label(text, x + w / 2, y + h / 2, Math.min(h * .38, w / text.length * .9), this.t.onAccent); }
}
