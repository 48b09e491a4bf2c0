// Draws the sample's photo-like pictures, screenshots, logos and animations; seeded, so that they never change.

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const width = 960;
const height = 640;

/** sky: gradient from the top down; disc: sun or moon as x, y, radius, colour; ridges: hills from far to near; then what stands on them. */
export const scenes = [
  { name: 'sea-sunset', sky: ['#2b1a5a', '#d1495b', '#ffb35c'], disc: [480, 372, 56, '#fff1c1'], sea: ['#7a3b69', '#1b1f4b'] },
  { name: 'hills-morning', sky: ['#8ec5ff', '#f6f0d8'], disc: [720, 180, 46, '#fffbe0'], ridges: ['#9fc08a', '#6fa45c', '#3f7d3c'], trees: '#234f26' },
  { name: 'snowy-mountains', sky: ['#5d9be0', '#dfefff'], ridges: ['#9db4cd', '#6f88a6'], peaks: '#f4f8ff', trees: '#24425a' },
  { name: 'desert-dunes', sky: ['#f7c873', '#fde9c2'], disc: [240, 150, 60, '#fff6d6'], ridges: ['#e3a857', '#cf8b3d', '#a9682c'] },
  { name: 'night-moon', sky: ['#05071a', '#1a2350'], disc: [690, 150, 48, '#f3f1dc'], stars: true, ridges: ['#10183a', '#0a1029'] },
  { name: 'forest-lake', sky: ['#a7d3f2', '#eef7fb'], ridges: ['#5c8f6a', '#3a6b4c'], trees: '#1e4630', sea: ['#5b98ad', '#275a6e'] },
  { name: 'city-skyline', sky: ['#f29e7c', '#f9d9b0'], disc: [160, 330, 40, '#fff0c8'], houses: '#3a3350' },
  { name: 'city-at-night', sky: ['#0b1030', '#3b2a63'], stars: true, houses: '#141028', windows: '#ffd66b' },
  { name: 'rainbow-meadow', sky: ['#7db7e8', '#e6f4ff'], rainbow: true, ridges: ['#8cc46a', '#5fa84a'], flowers: ['#f25f8a', '#f5d547', '#ffffff'] },
  { name: 'beach-noon', sky: ['#3fa9f5', '#cdeeff'], disc: [780, 120, 50, '#fffde8'], sea: ['#2fa8c9', '#0f7d9e'], sand: '#efd9a3' },
  { name: 'autumn-forest', sky: ['#c9d6df', '#f5efe4'], ridges: ['#d98f3f', '#b85c2b', '#7f3b22'], trees: '#a8431f' },
  { name: 'stormy-sea', sky: ['#2c343d', '#7d8b94'], clouds: '#3b444c', sea: ['#4d626b', '#1f2c33'] },
  { name: 'winter-trees', sky: ['#b9c7d6', '#edf1f5'], ridges: ['#e6edf3', '#f7fafc'], trees: '#4b5a66' },
  { name: 'lavender-field', sky: ['#f3b6a6', '#fbe6cf'], disc: [520, 300, 44, '#fff4d3'], ridges: ['#8f7cc0', '#6d57a6', '#4e3d86'] },
  { name: 'green-valley', sky: ['#6fb1e6', '#e2f2fb'], clouds: '#ffffff', ridges: ['#7fb77e', '#4e9a58', '#2f7a3f'], flowers: ['#ffe066'] },
  { name: 'volcano', sky: ['#3a1c2f', '#b5452c'], peaks: '#ff6a3d', ridges: ['#4a2f36', '#2b1c22'] },
  { name: 'full-moon-sea', sky: ['#0a1230', '#2f4576'], disc: [470, 200, 64, '#f7f5e3'], stars: true, sea: ['#23365f', '#0b1530'] },
  { name: 'spring-orchard', sky: ['#9ed2f5', '#f2fafe'], clouds: '#ffffff', ridges: ['#9ccc65', '#7cb342'], trees: '#f3a6c0' },
];

/** A JPEG-like raw picture of a scene, with the grain of a camera. */
export async function drawLandscape(sharp, scene, seed) {
  const random = randomFrom(seed);
  const grain = Buffer.alloc(width * height * 3);
  for (let index = 0; index < grain.length; index += 3) {
    const value = 112 + Math.floor((random() + random() + random()) * 11);
    grain[index] = grain[index + 1] = grain[index + 2] = value;
  }
  return sharp(Buffer.from(sceneSvg(scene, random))).removeAlpha()
    .composite([{ input: grain, raw: { width, height, channels: 3 }, blend: 'overlay' }])
    .blur(0.6).png({ compressionLevel: 1 }).toBuffer();
}

function sceneSvg(scene, random) {
  const parts = [`<rect width="${width}" height="${height}" fill="url(#sky)"/>`];
  const between = (low, high) => low + random() * (high - low);
  const horizon = 380;
  if (scene.stars) { for (let count = 0; count < 140; count++) { parts.push(`<circle cx="${between(0, width)}" cy="${between(0, 330)}" r="${between(0.5, 1.8)}" fill="#fff" opacity="${between(0.3, 1)}"/>`); } }
  if (scene.disc) {
    const [x, y, radius, colour] = scene.disc;
    parts.push(`<circle cx="${x}" cy="${y}" r="${radius * 3}" fill="${colour}" opacity=".18"/><circle cx="${x}" cy="${y}" r="${radius}" fill="${colour}"/>`);
  }
  if (scene.rainbow) {
    for (const [index, colour] of ['#e53935', '#fb8c00', '#fdd835', '#43a047', '#1e88e5', '#8e24aa'].entries()) {
      parts.push(`<circle cx="480" cy="520" r="${400 - index * 16}" fill="none" stroke="${colour}" stroke-width="16" opacity=".65"/>`);
    }
  }
  if (scene.clouds) {
    for (let count = 0; count < 7; count++) {
      const [x, y] = [between(0, width), between(40, 240)];
      for (let puff = 0; puff < 6; puff++) { parts.push(`<ellipse cx="${x + puff * 26 - 65}" cy="${y + between(-14, 14)}" rx="${between(34, 60)}" ry="${between(18, 34)}" fill="${scene.clouds}" opacity=".75"/>`); }
    }
  }
  if (scene.peaks) {
    for (const [x, top, half] of [[220, 170, 210], [480, 110, 260], [760, 190, 220]]) {
      parts.push(`<path d="M${x - half} 460L${x} ${top}L${x + half} 460Z" fill="${scene.ridges[0]}"/>`);
      parts.push(`<path d="M${x - half * 0.3} ${top + 87}L${x} ${top}L${x + half * 0.3} ${top + 87}l-26 -16l-24 22l-22 -24l-20 20Z" fill="${scene.peaks}"/>`);
    }
  }
  for (const [index, colour] of (scene.ridges ?? []).entries()) {
    const level = horizon + index * 75;
    const waves = [between(90, 160), between(200, 330)];
    const shift = between(0, 6);
    const points = [...Array(33).keys()].map(step => `${step * 30},${(level + Math.sin(step * 30 / waves[0] + shift) * 22 + Math.sin(step * 30 / waves[1]) * 34).toFixed(1)}`);
    parts.push(`<path d="M0,${height}L${points.join('L')}L${width},${height}Z" fill="${colour}"/>`);
  }
  if (scene.trees) {
    for (let count = 0; count < 26; count++) {
      const [x, y, size] = [between(0, width), between(470, 560), between(28, 64)];
      parts.push(`<path d="M${x} ${y - size}l${size * 0.42} ${size}h${-size * 0.84}Z" fill="${scene.trees}"/><rect x="${x - 2}" y="${y}" width="4" height="${size * 0.2}" fill="#3b2a20"/>`);
    }
  }
  if (scene.flowers) { for (let count = 0; count < 160; count++) { parts.push(`<circle cx="${between(0, width)}" cy="${between(520, 636)}" r="${between(2, 5)}" fill="${scene.flowers[count % scene.flowers.length]}"/>`); } }
  if (scene.houses) {
    for (let x = -10; x < width; x += 58) {
      const [wide, tall] = [between(44, 66), between(120, 360)];
      parts.push(`<rect x="${x}" y="${height - tall}" width="${wide}" height="${tall}" fill="${scene.houses}" opacity="${between(0.8, 1)}"/>`);
      if (scene.windows) { for (let y = height - tall + 14; y < height - 10; y += 22) { for (let column = 8; column < wide - 8; column += 14) { if (random() < 0.45) { parts.push(`<rect x="${x + column}" y="${y}" width="7" height="11" fill="${scene.windows}"/>`); } } } }
    }
  }
  if (scene.sea) {
    parts.push(`<rect y="430" width="${width}" height="210" fill="url(#sea)"/>`);
    for (let count = 0; count < 90; count++) { const y = between(434, 636); parts.push(`<rect x="${between(-40, width)}" y="${y}" width="${between(20, 110)}" height="${1 + (y - 430) / 90}" fill="#fff" opacity="${between(0.05, 0.28)}"/>`); }
  }
  if (scene.sand) { parts.push(`<path d="M0 560Q300 520 560 575T960 560V640H0Z" fill="${scene.sand}"/>`); }
  const gradient = (id, colours) => `<linearGradient id="${id}" x2="0" y2="1">${colours.map((colour, index) => `<stop offset="${index / (colours.length - 1)}" stop-color="${colour}"/>`).join('')}</linearGradient>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"><defs>${gradient('sky', scene.sky)}${scene.sea ? gradient('sea', scene.sea) : ''}</defs>${parts.join('')}</svg>`;
}

export const screens = [
  { name: 'login', kind: 'form' }, { name: 'dashboard', kind: 'charts' }, { name: 'dashboard-dark', kind: 'charts', dark: true }, { name: 'product-list', kind: 'cards' },
  { name: 'chat-dark', kind: 'chat', dark: true }, { name: 'chat', kind: 'chat' }, { name: 'orders-table', kind: 'table' }, { name: 'users-table-dark', kind: 'table', dark: true },
  { name: 'checkout', kind: 'form' }, { name: 'gallery-dark', kind: 'cards', dark: true },
];

/** A screenshot of a made-up program; bars stand for its words, so that it looks the same with every machine's fonts. */
export function drawScreenshot({ kind, dark = false }, seed) {
  const random = randomFrom(seed);
  const [back, surface, line, text, accent] = dark ? ['#15181e', '#20252e', '#323947', '#c9d1de', '#4f8cff'] : ['#f3f5f8', '#ffffff', '#dfe4ea', '#4a5462', '#2f6fed'];
  const parts = [];
  const box = (x, y, wide, tall, fill, radius = 6) => parts.push(`<rect x="${x}" y="${y}" width="${wide}" height="${tall}" rx="${radius}" fill="${fill}"/>`);
  const words = (x, y, wide, fill = text, tall = 9) => box(x, y, wide, tall, fill, 3);
  box(0, 0, 900, 600, back, 0);
  box(0, 0, 900, 48, accent, 0);
  words(24, 18, 120, '#ffffff', 12);
  if (kind === 'form') {
    box(290, 100, 320, 400, surface, 12);
    box(425, 125, 50, 50, accent, 25);
    for (let row = 0; row < 3; row++) { words(320, 205 + row * 70, 80); box(320, 222 + row * 70, 260, 34, line); }
    box(320, 430, 260, 40, accent);
    words(410, 446, 80, '#ffffff');
  } else {
    box(0, 48, 170, 552, surface, 0);
    for (let row = 0; row < 7; row++) { box(24, 80 + row * 42, 16, 16, row === 1 ? accent : line, 4); words(52, 84 + row * 42, 60 + random() * 40); }
  }
  if (kind === 'charts') {
    for (let card = 0; card < 3; card++) { box(200 + card * 230, 80, 210, 90, surface, 10); words(220 + card * 230, 100, 70); words(220 + card * 230, 124, 110, accent, 20); }
    box(200, 190, 440, 370, surface, 10);
    for (let bar = 0; bar < 10; bar++) { const tall = 40 + random() * 230; box(230 + bar * 40, 530 - tall, 24, tall, bar % 3 ? accent : line, 3); }
    box(660, 190, 210, 370, surface, 10);
    parts.push(`<circle cx="765" cy="320" r="64" fill="none" stroke="${line}" stroke-width="26"/><circle cx="765" cy="320" r="64" fill="none" stroke="${accent}" stroke-width="26" stroke-dasharray="260 402"/>`);
    for (let row = 0; row < 4; row++) { words(690, 430 + row * 28, 80 + random() * 60); }
  } else if (kind === 'cards') {
    for (let card = 0; card < 8; card++) {
      const [x, y] = [200 + (card % 4) * 172, 80 + Math.floor(card / 4) * 250];
      box(x, y, 156, 230, surface, 10);
      box(x + 10, y + 10, 136, 120, `hsl(${Math.floor(random() * 360)} 55% ${dark ? 40 : 65}%)`, 6);
      words(x + 12, y + 146, 110);
      words(x + 12, y + 168, 70, line);
      box(x + 12, y + 192, 80, 24, accent);
    }
  } else if (kind === 'chat') {
    for (let row = 0; row < 7; row++) { const mine = row % 3 === 1; const wide = 180 + random() * 190; box(mine ? 860 - wide : 210, 80 + row * 66, wide, 48, mine ? accent : surface, 20); words(mine ? 880 - wide : 232, 100 + row * 66, wide - 60, mine ? '#ffffff' : text); }
    box(200, 550, 670, 34, surface, 17);
  } else if (kind === 'table') {
    box(200, 80, 670, 490, surface, 10);
    for (let row = 0; row < 12; row++) {
      if (row > 0) { box(200, 80 + row * 40, 670, 1, line, 0); }
      for (let column = 0; column < 5; column++) { words(220 + column * 130, 96 + row * 40, row === 0 ? 70 : 40 + random() * 60, row === 0 ? accent : text); }
    }
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 600" width="900" height="600">${parts.join('')}</svg>`;
}

/** A geometric logo; the title tells whose it is. */
export function drawLogo(title, random) {
  const hue = Math.floor(random() * 360);
  const points = 3 + Math.floor(random() * 5);
  const corner = (index, radius) => `${(60 + radius * Math.sin(index / points * 2 * Math.PI)).toFixed(1)},${(60 - radius * Math.cos(index / points * 2 * Math.PI)).toFixed(1)}`;
  const polygon = [...Array(points).keys()].map(index => `${corner(index, 48)} ${corner(index + 0.5, random() < 0.5 ? 22 : 36)}`).join(' ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120"><title>${title.replace('&', '&amp;')}</title><rect width="120" height="120" rx="${Math.floor(random() * 60)}" fill="hsl(${hue} 60% 30%)"/><polygon points="${polygon}" fill="hsl(${(hue + 150) % 360} 80% 65%)"/><circle cx="60" cy="60" r="${(6 + random() * 12).toFixed(1)}" fill="#fff"/></svg>\n`;
}

/** One frame of a turning thing; `turn` goes from 0 to 1. */
export function drawSpinner(kind, colour, turn) {
  const wide = Math.max(4, Math.abs(Math.cos(turn * Math.PI)) * 26);
  const shapes = {
    coin: `<ellipse cx="32" cy="32" rx="${wide}" ry="26" fill="${colour}" stroke="#9a6b00" stroke-width="3"/><ellipse cx="32" cy="32" rx="${wide * 0.6}" ry="16" fill="none" stroke="#fff3b0" stroke-width="3"/>`,
    gem: `<path d="M${32 - wide} 26L32 6L${32 + wide} 26L32 58Z" fill="${colour}"/><path d="M${32 - wide} 26L32 6L${32 + wide} 26Z" fill="#fff" opacity=".45"/>`,
    fireball: `<circle cx="32" cy="${32 + Math.sin(turn * 6.28) * 4}" r="20" fill="${colour}"/><circle cx="32" cy="36" r="${8 + wide / 4}" fill="#ffd24a"/>`,
    potion: `<path d="M26 6h12v16l14 26a8 8 0 0 1-7 12H19a8 8 0 0 1-7-12l14-26Z" fill="#dfe8f2"/><path d="M18 ${38 + Math.sin(turn * 6.28) * 3}h28l7 14a6 6 0 0 1-6 8H17a6 6 0 0 1-6-8Z" fill="${colour}"/>`,
  };
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">${shapes[kind]}</svg>`;
}
