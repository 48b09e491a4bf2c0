// Shapes, arrows and text glyphs: black on nothing, so that training can paint them, and the same in named colours.
const polygon = (n, turn = 0, r = 26, inner = 0) => Array.from({ length: inner ? 2 * n : n }, (_, i) => { const a = turn + i * 2 * Math.PI / (inner ? 2 * n : n), q = inner && i % 2 ? inner : r; return [32 + q * Math.sin(a), 32 - q * Math.cos(a)]; });
const way = (points) => 'M' + points.map((p) => p.map((v) => Math.round(v * 100) / 100).join(' ')).join('L') + 'z';
const rect = (x, y, w, h, r = 0) => `M${x + r} ${y}h${w - 2 * r}a${r} ${r} 0 0 1 ${r} ${r}v${h - 2 * r}a${r} ${r} 0 0 1 ${-r} ${r}h${2 * r - w}a${r} ${r} 0 0 1 ${-r} ${-r}v${2 * r - h}a${r} ${r} 0 0 1 ${r} ${-r}z`;
const round = (rx, ry = rx) => `M32 ${32 - ry}a${rx} ${ry} 0 1 1 -.01 0z`;

/** Closed outlines on 64 by 64. */
export const outlines = {
  'circle': () => round(26), 'square': () => rect(8, 8, 48, 48), 'rounded square': (k) => rect(8, 8, 48, 48, k.int(7, 15)), 'rectangle': (k) => { const h = k.int(24, 36); return rect(4, 32 - h / 2, 56, h); },
  'rounded rectangle': (k) => { const h = k.int(24, 36); return rect(4, 32 - h / 2, 56, h, k.int(5, 11)); }, 'pill shape': () => rect(4, 18, 56, 28, 14), 'ellipse': (k) => round(28, k.int(14, 20)),
  'triangle': () => way([[32, 7], [60, 56], [4, 56]]), 'right triangle': () => way([[9, 7], [9, 56], [58, 56]]), 'star': (k) => way(polygon(5, 0, 29, k.f(11, 15))), 'six pointed star': () => way(polygon(6, 0, 28, 16)), 'starburst': (k) => way(polygon(k.int(10, 16), 0, 29, k.f(20, 24))),
  'pentagon': () => way(polygon(5, 0, 28)), 'hexagon': (k) => way(polygon(6, k.chance(.5) ? Math.PI / 6 : 0, 28)), 'octagon': () => way(polygon(8, Math.PI / 8, 28)), 'diamond': (k) => { const w = k.int(18, 27); return way([[32, 4], [32 + w, 32], [32, 60], [32 - w, 32]]); },
  'trapezoid': () => way([[18, 16], [46, 16], [60, 50], [4, 50]]), 'parallelogram': () => way([[18, 16], [60, 16], [46, 48], [4, 48]]), 'heart': (k) => `M32 57C-14 27 10 ${k.int(-6, 0)} 32 18C54 ${k.int(-6, 0)} 78 27 32 57z`,
  'cross shape': (k) => { const a = k.int(6, 10); return `M${32 - a} 6h${2 * a}v${26 - a}h${26 - a}v${2 * a}h${a - 26}v${26 - a}h${-2 * a}v${a - 26}h${a - 26}v${-2 * a}h${26 - a}z`; }, 'crescent': () => 'M42 6A27 27 0 1 0 58 44A24 24 0 0 1 42 6z', 'semicircle': () => 'M5 44A27 27 0 0 1 59 44z',
  'ring': (k) => { const r = k.int(12, 20); return `${round(27)}M32 ${32 - r}a${r} ${r} 0 1 0 .01 0z`; }, 'teardrop': () => 'M32 4C52 30 54 38 50 46A20 20 0 0 1 14 46C10 38 12 30 32 4z', 'shield shape': () => 'M32 4L56 12V30C56 46 46 54 32 60C18 54 8 46 8 30V12z', 'cloud shape': () => 'M16 50A12 12 0 0 1 15 26A18 18 0 0 1 49 22A14 14 0 0 1 50 50z',
  'speech bubble': (k) => k.chance(.5) ? 'M12 8h40a8 8 0 0 1 8 8v22a8 8 0 0 1-8 8H32L18 58V46h-6a8 8 0 0 1-8-8V16a8 8 0 0 1 8-8z' : 'M32 7C50 7 60 17 60 28S50 49 32 49C29 49 26 48.800 24 48L11 57L14 43C7 39 4 34 4 28C4 17 14 7 32 7z', 'thought bubble': () => 'M18 42A11 11 0 0 1 15 21A15 15 0 0 1 42 13A13 13 0 0 1 50 38A10 10 0 0 1 38 42zM20 48a4 4 0 1 0 .01 0zM11 56a2.500 2.500 0 1 0 .01 0z',
  'ribbon banner': () => 'M14 20H50V44H14zM12 26H2L7 37L2 48H14zM52 26H62L57 37L62 48H50z', 'lightning bolt': () => 'M36 3L10 36H28L24 61L54 25H35z', 'arc': () => 'M6 44A27 27 0 0 1 58 44L47 44A16 16 0 0 0 17 44z', 'pie slice': () => 'M10 54L10 6A48 48 0 0 1 56 40z',
};
/** Lines on 64 by 64, drawn to the right or as they are. */
const arrowKinds = {
  line: (k) => { const h = k.int(10, 19); return { stroke: `M7 32H56M${56 - h} ${32 - h}L56 32L${56 - h} ${32 + h}` }; },
  block: (k) => { const a = k.int(5, 11), x = k.int(28, 38); return { fill: `M5 ${32 - a}H${x}V${28 - 2 * a < 6 ? 8 : 30 - 2 * a}L60 32L${x} ${36 + 2 * a > 58 ? 56 : 34 + 2 * a}V${32 + a}H5z` }; },
  chevron: (k) => ({ stroke: k.chance(.5) ? 'M22 8L46 32L22 56' : 'M14 10L32 32L14 54M34 10L52 32L34 54' }),
  head: (k) => ({ fill: k.chance(.5) ? 'M14 6L56 32L14 58z' : 'M8 6L60 32L8 58L20 32z' }),
  thin: () => ({ stroke: 'M5 32H50', fill: 'M44 22L61 32L44 42z' }),
};
export const directions = { 'up': -90, 'down': 90, 'left': 180, 'right': 0, 'up right': -45, 'up left': -135, 'down right': 45, 'down left': 135 };
const draw = (k, { stroke = '', fill = '' }, colour, turn = 0) => k.svg(64, 64, `<g transform="rotate(${turn} 32 32)">` + (fill ? k.path(fill, { fill: colour }) : '') + (stroke ? k.path(stroke, { stroke: colour, sw: k.f(3, 9) }) : '') + '</g>', { pad: k.int(0, 8), page: 'none' });
export const arrowTo = (k, direction) => draw(k, k.pick(Object.values(arrowKinds))(k), '#000', directions[direction]);
const tip = (x, y, dx, dy, s = 12) => `M${x - dx * s - dy * s} ${y - dy * s + dx * s}L${x} ${y}L${x - dx * s + dy * s} ${y - dy * s - dx * s}`;
export const arrows = {
  'double arrow horizontal': (k) => draw(k, { stroke: 'M6 32H58' + tip(58, 32, 1, 0) + tip(6, 32, -1, 0) }, '#000'), 'double arrow vertical': (k) => draw(k, { stroke: 'M32 6V58' + tip(32, 58, 0, 1) + tip(32, 6, 0, -1) }, '#000'),
  'four way arrow': (k) => draw(k, { stroke: 'M32 5V59M5 32H59' + tip(32, 59, 0, 1, 8) + tip(32, 5, 0, -1, 8) + tip(59, 32, 1, 0, 8) + tip(5, 32, -1, 0, 8) }, '#000'),
  'circular arrow': (k) => draw(k, { stroke: 'M54 32A22 22 0 1 1 46 15' + tip(48, 16, .7, .7, 11) }, '#000', k.pick([0, 90, 180, 270])),
  'two circular arrows': (k) => draw(k, { stroke: 'M10 28A23 23 0 0 1 50 17' + 'M54 36A23 23 0 0 1 14 47' + 'M52 4V18H38M12 60V46H26' }, '#000'), 'u turn arrow': (k) => draw(k, { stroke: 'M48 58V26A16 16 0 0 0 16 26V52' + tip(16, 52, 0, 1, 11) }, '#000'),
  'corner arrow': (k) => draw(k, { stroke: 'M12 8V44H54' + tip(54, 44, 1, 0, 11) }, '#000'), 'split arrow': (k) => draw(k, { stroke: 'M32 60V38L12 14M32 38L52 14M10 28V12H26M54 28V12H38' }, '#000'), 'swap arrows': (k) => draw(k, { stroke: 'M8 22H54' + tip(54, 22, 1, 0, 10) + 'M56 44H10' + tip(10, 44, -1, 0, 10) }, '#000', k.pick([0, 0, 90])),
  'expand arrows': (k) => draw(k, { stroke: 'M38 26L58 6M42 6H58V22M26 38L6 58M6 42V58H22' }, '#000'), 'collapse arrows': (k) => draw(k, { stroke: 'M58 6L38 26M38 12V26H52M6 58L26 38M12 38H26V52' }, '#000'),
};
arrows['curved arrow right'] = (k) => draw(k, { stroke: k.pick(['M8 56C8 32 24 22 52 22' + tip(54, 22, 1, 0, 11), 'M6 50C14 14 42 10 54 36M56 18V38H36', 'M8 14C14 48 36 52 56 34M38 30L57 33L52 52']) }, '#000');

/** A shape, black on nothing: filled, outlined, thick, dashed. */
export function shape(k, name) {
  const d = outlines[name](k), style = k.int(0, 4);
  const body = style < 2 ? k.path(d, { fill: '#000' }).replace('<path', '<path fill-rule="evenodd"') : k.path(d, { stroke: '#000', sw: [0, 0, 2.5, 5, 3.5][style] }).replace('/>', style === 4 && k.chance(.5) ? ' stroke-dasharray="6 6"/>' : '/>');
  return k.svg(64, 64, `<g transform="rotate(${k.chance(.15) ? k.int(-15, 15) : 0} 32 32)">${body}</g>`, { pad: k.int(0, 18), page: 'none' });
}
/** A shape in one colour on nothing, light or dark, with an edge or a sheen now and then. */
export function painted(k, name, colour, light) {
  const d = name === 'arrow' ? arrowKinds.block(k).fill : outlines[name](k), edge = k.chance(.3), page = light ? k.pick(['none', '#222', '#3b4a63']) : k.pick(['none', 'none', '#fff', '#f1f1f1', '#2a2a30']);
  const back = page === '#2a2a30' && colour < '#333' ? '#fff' : page;
  const id = `<linearGradient id="s" x2="0" y2="1"><stop stop-color="#fff" stop-opacity=".45"/><stop offset=".6" stop-color="#fff" stop-opacity="0"/></linearGradient>`;
  return k.svg(64, 64, id + k.path(d, { fill: colour, stroke: edge ? k.pick(['#00000066', '#ffffff', '#000']) : undefined, sw: 3 }).replace('<path', '<path fill-rule="evenodd"') + (k.chance(.2) ? k.path(d, { fill: 'url(#s)' }).replace('<path', '<path fill-rule="evenodd"') : ''), { pad: k.int(1, 14), page: back });
}
/** A letter, digit, sign or pair of signs in strokes: bare, in a circle or square, slanted, light on dark. */
export function character(k, chars) {
  const frame = k.pick(['', '', '', '', 'disc', 'ring', 'square', 'box']), s = frame ? 26 : 44, colour = frame === 'disc' || frame === 'box' ? '#fff' : '#000', slant = k.chance(.2) ? -10 : 0, w = s * k.f(.5, .72);
  const around = frame === 'disc' ? k.disc(32, 32, 30, { fill: '#000' }) : frame === 'ring' ? k.disc(32, 32, 28, { stroke: '#000', sw: 3.5 }) : frame === 'square' ? k.box(5, 5, 54, 54, { stroke: '#000', sw: 3.5 }) : frame === 'box' ? k.box(3, 3, 58, 58, { fill: '#000' }) : '';
  return k.svg(64, 64, around + `<g transform="translate(32 32) skewX(${slant}) translate(-32 -32)"${k.chance(.4) ? ' stroke-linecap="butt" stroke-linejoin="miter"' : ''}>` + (chars.length === 1 ? k.glyph(chars, 32 - w / 2, 32 - s / 2, w, s, colour, s / k.f(4.5, 14)) : [...chars].map((c, i) => k.glyph(c, 32 - w * (i ? -.05 : .75), 32 - s / 2, w * .7, s, colour, s / k.f(6, 14))).join('')) + '</g>', { page: 'none' });
}
