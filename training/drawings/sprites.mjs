// Small pixel art for games: bitmaps in letters, painted with palettes, and tiles made by chance.
import { shade } from './patterns.mjs';

/** "." nothing, "#" outline, a-d the four tones of the palette, w white. Rows of equal length; a row that ends in "|" is mirrored. */
const BITMAPS = {
  'coin': ['...######...', '..#aaaaaa#..', '.#aawwaaab#.', '#aaw#bb#aab#', '#aw#bbbb#ab#', '#aw#bbbb#ab#', '#aa#bbbb#bb#', '#aa#bbbb#bb#', '#aab#bb#bbc#', '.#abbbbbbc#.', '..#bbbccc#..', '...######...'],
  'gem': ['..######..', '.#awaabb#.', '#awaaabbb#', '##########', '#aaabbbcc#', '.#aabbbc#.', '..#abbc#..', '...#bc#...', '....##....'],
  'heart sprite': ['.###..###.', '#aaa##aaa#', '#awaaaaaa#', '#aaaaaaab#', '#aaaaaabb#', '.#aaaabb#.', '..#aabb#..', '...#bb#...', '....##....'],
  'potion': ['...####...', '...#dd#...', '....ww....', '...#..#...', '..#....#..', '.#aaaaaa#.', '#awaaaaab#', '#awaaaabb#', '#aaaaabbb#', '.#aabbbb#.', '..######..'],
  'sword': ['.........##', '........#w#', '.......#wa#', '......#wa#.', '.....#wa#..', '.#..#wa#...', '.##dwa#....', '..#dd#.....', '.#ddd##....', '#cd#.###...', '##.........'],
  'shield sprite': ['.####|', '#aabb|', '#abcc|', '#abcd|', '#abcd|', '#abcc|', '.#abb|', '.#aab|', '..#aa|', '...##|'],
  'key sprite': ['.###......', '#aaa######', '#a#aaaaaa#', '#aaab#b#b#', '.###.#.#.#'],
  'treasure chest': ['.##########.', '#aaaaaaaaaa#', '#abbbbbbbba#', '#abbbbbbbba#', '############', '#ccccddcccc#', '#abbbddbbba#', '#abbbbbbbba#', '#abbbbbbbba#', '############'],
  'bomb': ['......##.', '.....#.d.', '....#..a.', '..####...', '.#cccc#..', '#cwcccc#.', '#cwcccc#.', '#cccccc#.', '#cccccb#.', '.#cccb#..', '..####...'],
  'mushroom sprite': ['...####|', '.##aaaw|', '#waaaaw|', '#wwaaaa|', '#waaaaa|', '.######|', '..#dddd|', '..#d#dd|', '..#dddd|', '...####|'],
  'slime': ['....####....', '..##aaaa##..', '.#aawaaaaa#.', '.#awaaaaab#.', '#aaa#aa#aab#', '#aaa#aa#aab#', '#aaaaaaaabb#', '#abbaaaabbb#', '.##########.'],
  'skull sprite': ['..####|', '.#wwww|', '#wwwww|', '#wwwww|', '#w##ww|', '#w##ww|', '#wwww#|', '.#wwww|', '..#w#w|', '..####|'],
  'pixel tree': ['....####....', '..##abab##..', '.#aababbbb#.', '#aabaaabbbc#', '#abaabbabbc#', '.#aabbbbbc#.', '..###cc###..', '....#dd#....', '....#dd#....', '...#dddd#...'],
  'pixel pine tree': ['.....#|', '....#a|', '...#aa|', '....#a|', '..#aab|', '.#aabb|', '...#ab|', '.#aabb|', '#aabbb|', '.#####|', '....#d|', '....##|'],
  'crate': ['############', '#aaaaaaaaaa#', '#a########a#', '#a#bb#bb##a#', '#a#bbbb#b#a#', '#a#bbb#bb#a#', '#a#bb#bbb#a#', '#a#b#bbbb#a#', '#a##bb#bb#a#', '#a########a#', '#aaaaaaaaaa#', '############'],
  'ladder sprite': ['#a#....#a#', '#aaaaaaaa#', '#b######b#', '#a#....#a#', '#aaaaaaaa#', '#b######b#', '#a#....#a#', '#aaaaaaaa#', '#b######b#', '#a#....#a#'],
  'spikes': ['...#.....#...', '..#a#...#a#..', '..#ab#..#ab#.', '.#aab#.#aab#.', '.#aabb##aabb#', '#aaabb##aabb#', '#############'],
  'flag sprite': ['#.......', '#aaaa...', '#aaaaaa.', '#aaaaaab', '#aaabbb.', '#bbb....', '#.......', '#.......', '#.......', '###.....'],
  'explosion': ['#..a..#..a.', '.a.#a.a.#..', '..#aaaaa.a.', 'a#aabbba#..', '.aabwwwba.#', '#aabwwwbaa.', '.aabwwbba#a', '..#abbaa#..', '.a.#aa.#.a.', '#..a.#..a.#'],
  'robot sprite': ['.....a|', '..####|', '.#bbbb|', '.#b#bb|', '.#bbbb|', '..####|', '.#aaaa|', '##aadd|', '#.#aaa|', '..#a##|', '..###.|'],
  'ghost sprite': ['...###|', '.##www|', '.#wwww|', '#ww##w|', '#ww##w|', '#wwwww|', '#wwwww|', '#wwwww|', '#w##ww|', '##..##|'],
  'pixel character': ['..####|', '.#dddd|', '.#dccc|', '.#c#cc|', '.#cccc|', '..####|', '.#aaaa|', '#c#aaa|', '.##aaa|', '..#bb#|', '..#b#.|', '.###..|'],
  'spaceship sprite': ['.....#|', '....#a|', '....#w|', '...#aw|', '...#ab|', '..#aab|', '.#aabb|', '#caabb|', '#c##ab|', '##..#d|', '....dd|'],
  'alien sprite': ['..#...|', '...#..|', '..#aaa|', '.#a#aa|', '#aaaaa|', '#.#aaa|', '#.#...|', '...##.|'],
  'pixel cat': ['##......##', '#a#....#a#', '#aa####aa#', '#aaaaaaaa#', '#a#aaaa#a#', '#aaaddaaa#', '.#aaaaaa#.', '..######..'],
  'apple sprite': ['.....#....', '....#.cc..', '.###d##...', '#aaaaaa#..', '#awaaaab#.', '#awaaaab#.', '#aaaaabb#.', '.#aaabb#..', '..#####...'],
  'star sprite': ['.....#|', '....#a|', '....#a|', '#####a|', '#aaawa|', '.#aaaa|', '..#aab|', '..#aab|', '.#aabb|', '.#ab##|', '.###..|'],
};
const PALETTES = {
  'coin': ['#ffd84d,#f0b020,#c47f10,#7a4a08', '#e6e9ee,#b9c0c9,#868e99,#555', '#f3a55a,#cf7a34,#97521d,#5a2e0e'], 'key sprite': ['#ffd84d,#e0a020,#b07010,#7a4a08', '#d9dde3,#a0a7b1,#777,#555'],
  'treasure chest': ['#b5763a,#8a5224,#5c3414,#ffd84d', '#a04030,#7a2c22,#4c1a14,#ffe27a'], 'bomb': ['#ff5a1f,#1b1d22,#3a3f4a,#ffd23f'], 'pixel tree': ['#6fc24a,#4a9a38,#2e6f22,#7a4a20', '#f2a03d,#d9772b,#a8501c,#6b3d18', '#f7a8c4,#e77aa2,#bd5079,#6b3d18'], 'pixel pine tree': ['#4f9d58,#2f7040,#1d4a2b,#6b3d18', '#e8f1f4,#8db8a5,#4d7d69,#6b3d18'],
  'crate': ['#c28d52,#a06d38,#7a4e22,#553', '#9a9fa6,#7a8088,#5a6068,#444'], 'ladder sprite': ['#c28d52,#8b5a2b,#6b4423,#432', '#c0c5cc,#8f969e,#666,#444'], 'spikes': ['#d6dbe1,#8d949e,#666,#444', '#b4554a,#7a2c22,#522,#311'], 'explosion': ['#ff7a1f,#ffd23f,#ff3b1f,#fff2b0'], 'sword': ['#b8c4d0,#8896a6,#8b5a2b,#d9a530', '#7fd4ff,#3f9bd4,#5a3a7a,#b58bd9'],
  'slime': ['#6edc6a,#3fae4a,#2a7d34,#1c5', '#6ab8f0,#3f82c9,#2a5a98,#137', '#f08ab8,#c95a92,#983a6a,#713', '#b58bf0,#8a5ac9,#653a98,#317'], 'heart sprite': ['#f2394a,#b81d2e,#8a1020,#500', '#f2394a,#b81d2e,#8a1020,#500', '#8f96a0,#6a7078,#444,#333'], 'mushroom sprite': ['#e8323c,#b81d2e,#8a1020,#f3dcb8', '#3fae4a,#2a7d34,#1c5c26,#f3dcb8', '#9b59d0,#733aa6,#50257a,#f3dcb8'],
  'potion': ['#e8414f,#b3202f,#811,#9a6b3a', '#4a8df0,#2a5fc0,#137,#9a6b3a', '#4fc95a,#2a8d38,#151,#9a6b3a', '#b05ae0,#7d35ad,#516,#9a6b3a'], 'apple sprite': ['#e23b3b,#a82020,#4fa83a,#6b4423', '#8bc34a,#5f9428,#4fa83a,#6b4423'], 'star sprite': ['#ffd84d,#f0b020,#c47f10,#fff'],
};
const ANY = ['#e85d4a,#b83a2c,#7d2218,#ffd84d', '#5a9bf0,#3568b8,#20407a,#f3c9a0', '#62c370,#3a8f48,#235c2d,#f0d080', '#b07ae8,#7d4ab5,#502a7a,#9fe8e0', '#f0a050,#c07028,#804414,#5a3a2a', '#8f9bb0,#626d82,#3d4658,#ff5a5a'];

function paint(k, name, x, y, s, palette = (k.pick(PALETTES[name] ?? ANY)).split(','), outline = k.pick(['#1a1a22', '#2b1d1a', '#101820'])) {
  const rows = BITMAPS[name].map((r) => r.endsWith('|') ? r.slice(0, -1) + [...r.slice(0, -1)].reverse().join('') : r), width = Math.max(...rows.map((r) => r.length)), p = s / Math.max(width, rows.length);
  const ox = x + (s - width * p) / 2, oy = y + (s - rows.length * p) / 2;
  return '<g shape-rendering="crispEdges">' + rows.map((r, j) => [...r].map((c, i) => c === '.' ? '' : `<path d="M${(ox + i * p).toFixed(2)} ${(oy + j * p).toFixed(2)}h${(p + .05).toFixed(2)}v${(p + .05).toFixed(2)}h-${(p + .05).toFixed(2)}z" fill="${c === '#' ? outline : c === 'w' ? '#fff' : palette['abcd'.indexOf(c)]}"/>`).join('')).join('') + '</g>';
}
const backs = (k) => k.pick(['none', 'none', 'none', '#6fb4ea', '#2b2b3a', '#87c17a', '#d9c49a', '#ffffff']);
function pixels(k, colours, x = 0, y = 0, s = 64, n = k.pick([8, 16])) {
  const p = s / n;
  return k.box(x, y, s, s, { fill: colours[0], r: 0 }) + k.times(Math.round(n * n * .3), () => `<path d="M${x + k.int(0, n - 1) * p} ${y + k.int(0, n - 1) * p}h${p}v${p}h-${p}z" fill="${k.pick(colours)}"/>`);
}
const GROUND = { 'grass tile': ['#5cb346', '#4a9a38', '#7ac75a', '#3b7f2c'], 'water tile': ['#3a8fd8', '#2f78bd', '#5fb0ee', '#8fd0ff'], 'stone tile': ['#8a8d91', '#74777b', '#a3a6aa', '#5c5f63'], 'lava tile': ['#e8501c', '#ff7a1f', '#ffd23f', '#a8280c'], 'sand tile': ['#e4c78d', '#d9b676', '#f0d9a6', '#c49f5e'], 'dirt tile': ['#8b5a2b', '#774a20', '#a06d38', '#5c3814'], 'ice tile': ['#bfe6f7', '#9fd4ee', '#e4f6fd', '#7fbfe0'] };
function ground(k, name, x, y, s) {
  const c = GROUND[name].map((v) => shade(v, k.int(-12, 12)));
  if (name === 'grass tile' && k.chance(.5)) return pixels(k, GROUND['dirt tile'], x, y, s) + k.box(x, y, s, s * .25, { fill: c[0], r: 0 }) + k.times(8, (i) => k.box(x + i * s / 8, y + s * .22, s / 8, s * k.f(.03, .16), { fill: k.pick([c[0], c[1]]), r: 0 }));
  if (name === 'water tile' && k.chance(.5)) return k.box(x, y, s, s, { fill: c[0], r: 0 }) + k.times(7, (i) => k.box(x + k.f(0, s * .7), y + i * s / 7 + 1, s * k.f(.15, .3), s * .05, { fill: c[k.int(2, 3)], r: 0 }));
  if (name === 'stone tile' && k.chance(.5)) return k.box(x, y, s, s, { fill: c[3], r: 0 }) + k.times(8, (i) => k.box(x + (i % 2) * s / 2 + (i >> 1) % 2 * s * .12, y + (i >> 1) * s / 4, s * .46, s * .22, { fill: k.pick([c[0], c[1], c[2]]), r: 0 }));
  return pixels(k, c, x, y, s);
}
export const sprites = Object.fromEntries([
  ...Object.keys(BITMAPS).map((name) => [name, (k) => k.svg(64, 64, paint(k, name, 2, 2, 60), { pad: k.int(0, 12), page: backs(k) })]),
  ...Object.keys(GROUND).map((name) => [name, (k) => k.svg(64, 64, ground(k, name, 0, 0, 64), { page: 'none' })]),
]);
const solid = Object.keys(BITMAPS), grounds = Object.keys(GROUND);
Object.assign(sprites, {
  'health bar': (k) => { const v = k.f(.2, .95), hearts = k.chance(.35); if (hearts) { const n = k.int(3, 5), full = k.int(1, n); return k.svg(n * 22, 22, k.times(n, (i) => paint(k, 'heart sprite', i * 22 + 1, 1, 20, (i < full ? PALETTES['heart sprite'][0] : '#555,#444,#333,#222').split(','))), { pad: 4, page: backs(k) }); } const c = v > .6 ? '#3ecf4a' : v > .35 ? '#f0c020' : '#e8323c'; return k.svg(120, 22, k.box(0, 0, 120, 22, { fill: '#22252b', r: k.pick([0, 4, 11]) }) + k.box(3, 3, 114 * v, 16, { fill: k.pick([c, '#e8323c']), r: k.pick([0, 3, 8]) }) + (k.chance(.5) ? k.box(3, 4, 114 * v, 5, { fill: '#fff', opacity: .35, r: 2 }) : '') + (k.chance(.4) ? k.times(5, (i) => k.stroke([[20 * (i + 1), 3], [20 * (i + 1), 19]], '#22252b', 1.6)) : ''), { pad: k.int(3, 14), page: backs(k) }); },
  'sprite strip': (k) => { const name = k.pick(solid), n = k.int(3, 6), palette = k.pick(PALETTES[name] ?? ANY).split(','), line = k.pick(['#1a1a22', '#2b1d1a']); return k.svg(n * 34, 34, k.times(n, (i) => paint(k, name, i * 34 + 3, 3 + [0, -2, -3, -1, 1, 2][i], 28, palette, line)), { pad: 2, page: backs(k) }); },
  'sprite sheet': (k) => { const cols = k.int(3, 5), rows = k.int(3, 4), names = Array.from({ length: rows }, () => k.pick(solid)), palettes = names.map((q) => k.pick(PALETTES[q] ?? ANY).split(',')), each = k.chance(.5); return k.svg(cols * 34, rows * 34, k.times(cols * rows, (i) => { const j = Math.floor(i / cols), q = each ? k.pick(solid) : names[j]; return paint(k, q, i % cols * 34 + 3, j * 34 + 3 + i % 3, 28, each ? undefined : palettes[j], '#1a1a22'); }), { pad: 2, page: backs(k) }); },
  'tile set': (k) => { const n = k.int(3, 4), gap = k.pick([0, 0, 2]); return k.svg(n * 32, n * 32, k.times(n * n, (i) => ground(k, k.pick(grounds), i % n * 32, Math.floor(i / n) * 32, 32 - gap) + (k.chance(.15) ? paint(k, k.pick(solid), i % n * 32 + 5, Math.floor(i / n) * 32 + 5, 22) : '')), { page: 'none' }); },
  'game level': (k) => k.svg(160, 100, k.box(0, 0, 160, 100, { fill: k.pick(['#6fb4ea', '#2b2b4a', '#f2c08a']), r: 0 }) + k.times(3, (i) => k.disc(20 + i * 55 + k.f(-10, 10), k.f(14, 30), k.f(6, 10), { fill: '#fff', opacity: .8 })) + k.times(10, (i) => ground(k, 'grass tile', i * 16, 84, 16)) + k.times(k.int(2, 3), (i) => k.times(3, (j) => ground(k, k.pick(['stone tile', 'dirt tile']), 14 + i * 52 + j * 14, 62 - i * 16, 14))) + paint(k, 'pixel character', 14, 62, 22) + k.times(3, (i) => paint(k, 'coin', 66 + i * 16, 26 + k.int(-4, 4), 11)) + paint(k, 'pixel tree', 122, 58, 26)),
});
