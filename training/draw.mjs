// Our own training material: interface parts, screens, charts, patterns, shapes, signs and game sprites, drawn by chance from a seed.
import fs from 'node:fs';
import crypto from 'node:crypto';
import { Kit, COLOURS } from './drawings/kit.mjs';
import { controls } from './drawings/interface.mjs';
import { screens } from './drawings/screens.mjs';
import { charts } from './drawings/charts.mjs';
import { patterns, materials } from './drawings/patterns.mjs';
import { outlines, directions, arrows, arrowTo, shape, painted, character } from './drawings/shapes.mjs';
import { sprites } from './drawings/sprites.mjs';

const LANGUAGES = ['nl', 'de', 'fr', 'es', 'it', 'pt', 'pl', 'ja', 'zh', 'ru'];
const words = new Map();
for (const line of fs.readFileSync(new URL('./drawings/words.psv', import.meta.url), 'utf8').trim().split('\n')) {
  const [name, tags, ...rest] = line.split('|');
  words.set(name, { tags: tags.replace('//', 'slash sign/').split('/'), translations: Object.fromEntries(LANGUAGES.map((lang, i) => [lang, rest[i].split('/')])) });
}
const SIGNS = { 'question mark': '?', 'exclamation mark': '!', 'plus sign': '+', 'minus sign': '-', 'equals sign': '=', 'multiplication sign': '×', 'division sign': '÷', 'percent sign': '%', 'hash sign': '#', slash: '/', asterisk: '*',
  parentheses: '()', 'square brackets': '[]', 'curly braces': '{}', 'less than sign': '<', 'greater than sign': '>', 'dollar sign': '$', 'euro sign': '€', 'square root': '√', pi: 'π', 'sum sign': '∑', 'not equal sign': '≠',
  'quotation marks': '"', colon: ':', tilde: '~', caret: '^' };
/** Colours in the order of LANGUAGES: masculine, feminine, neuter where they differ; Dutch and German as they stand before a noun, German without ending. */
const COLOUR_WORDS = {
  red: 'rode|rot|rouge/rouge|rojo/roja|rosso/rossa|vermelho/vermelha|czerwony/czerwona/czerwone|赤い|红色|красный/красная/красное',
  orange: 'oranje|orange|orange/orange|naranja/naranja|arancione/arancione|laranja/laranja|pomarańczowy/pomarańczowa/pomarańczowe|オレンジの|橙色|оранжевый/оранжевая/оранжевое',
  yellow: 'gele|gelb|jaune/jaune|amarillo/amarilla|giallo/gialla|amarelo/amarela|żółty/żółta/żółte|黄色い|黄色|жёлтый/жёлтая/жёлтое',
  green: 'groene|grün|vert/verte|verde/verde|verde/verde|verde/verde|zielony/zielona/zielone|緑の|绿色|зелёный/зелёная/зелёное',
  teal: 'blauwgroene|blaugrün|bleu-vert/bleu-vert|verde azulado/verde azulada|verde acqua/verde acqua|verde-azulado/verde-azulada|turkusowy/turkusowa/turkusowe|青緑の|青色|бирюзовый/бирюзовая/бирюзовое',
  blue: 'blauwe|blau|bleu/bleue|azul/azul|blu/blu|azul/azul|niebieski/niebieska/niebieskie|青い|蓝色|синий/синяя/синее',
  purple: 'paarse|lila|violet/violette|morado/morada|viola/viola|roxo/roxa|fioletowy/fioletowa/fioletowe|紫の|紫色|фиолетовый/фиолетовая/фиолетовое',
  pink: 'roze|rosa|rose/rose|rosa/rosa|rosa/rosa|rosa/rosa|różowy/różowa/różowe|ピンクの|粉色|розовый/розовая/розовое',
  brown: 'bruine|braun|marron/marron|marrón/marrón|marrone/marrone|marrom/marrom|brązowy/brązowa/brązowe|茶色の|棕色|коричневый/коричневая/коричневое',
  black: 'zwarte|schwarz|noir/noire|negro/negra|nero/nera|preto/preta|czarny/czarna/czarne|黒い|黑色|чёрный/чёрная/чёрное',
  white: 'witte|weiß|blanc/blanche|blanco/blanca|bianco/bianca|branco/branca|biały/biała/białe|白い|白色|белый/белая/белое',
  gray: 'grijze|grau|gris/grise|gris/gris|grigio/grigia|cinza/cinza|szary/szara/szare|灰色の|灰色|серый/серая/серое',
};
/** Grammatical genders (0 masculine, 1 feminine, 2 neuter) in de, fr, es, it, pt, pl, ru. */
const PAINTED = { circle: '0000020', square: '2000000', 'rounded square': '2000000', triangle: '2000000', star: '0111111', heart: '2000022', diamond: '1000000', hexagon: '2000000', rectangle: '2000000', ring: '0000002', arrow: '0111111', 'speech bubble': '1100002' };
const ARROW = { nl: ['pijl'], de: ['pfeil'], fr: ['flèche'], es: ['flecha'], it: ['freccia'], pt: ['seta'], pl: ['strzałka'], ja: ['矢印'], zh: ['箭头'], ru: ['стрелка'] };

/** Noun and colour in the ten languages; without genders as keywords, noun first and the colour as a dictionary has it. */
function colouredWords(colour, nouns, genders) {
  const gender = Object.fromEntries(['de', 'fr', 'es', 'it', 'pt', 'pl', 'ru'].map((lang, i) => [lang, Number(genders?.[i] ?? 0)]));
  return Object.fromEntries(COLOUR_WORDS[colour].split('|').map((field, i) => {
    const lang = LANGUAGES[i], forms = field.split('/'), noun = nouns[lang][0];
    if (lang === 'ja' || lang === 'zh') return [lang, [forms[0] + noun]];
    const ending = lang === 'de' && genders && !/a$|orange/.test(forms[0]) ? ['er', 'e', 'es'][gender.de] : '';
    const adjective = (forms[gender[lang] ?? 0] ?? forms[0]) + ending;
    return [lang, [lang !== 'nl' && (!genders || ['fr', 'es', 'it', 'pt'].includes(lang)) ? `${noun} ${adjective}` : `${adjective} ${noun}`]];
  }));
}

/** Every concept: {name, tags, category, translations, count, draw(kit)}. */
function* concepts() {
  const known = (name, category, count, draw) => ({ name, category, count, draw, ...words.get(name) });
  for (const [name, draw] of Object.entries(controls)) yield known(name, 'interface', 95, draw);
  for (const [name, draw] of Object.entries(screens)) yield known(name, 'screen', 100, draw);
  for (const [name, draw] of Object.entries(charts)) yield known(name, 'chart', 100, draw);
  const tints = Object.keys(COLOURS), two = (k) => { const a = k.pick(tints); let b = k.pick(tints); while (b === a) b = k.pick(tints); return [a, b].map((c) => k.pick(COLOURS[c])); };
  for (const [name, draw] of Object.entries(patterns)) {
    yield known(name, 'pattern', 70, (k) => draw(k, ...two(k)));
    for (const colour of tints) {
      if (name === 'camouflage' && colour !== 'green') continue;
      yield { name: `${colour} ${name}`, category: 'pattern', count: 10, tags: [name, ...words.get(name).tags.slice(0, 2).map((t) => `${colour} ${t}`), `${colour} background`], translations: colouredWords(colour, words.get(name).translations),
        draw: (k) => draw(k, k.pick(COLOURS[colour]), colour === 'white' ? k.pick(['#888888', '#555566', '#335577']) : k.pick(['#ffffff', '#f4f4f4', colour === 'black' ? '#dddddd' : '#222222'])) };
    }
  }
  for (const [name, draw] of Object.entries(materials)) yield known(name, 'texture', 80, draw);
  for (const name of Object.keys(outlines)) yield known(name, 'shape', 50, (k) => shape(k, name));
  for (const [name, genders] of Object.entries(PAINTED)) {
    for (const colour of tints) {
      const nouns = name === 'arrow' ? ARROW : words.get(name).translations;
      yield { name: `${colour} ${name}`, category: 'shape', count: 14, tags: [`${name} in ${colour}`, `${name} painted ${colour}`, name, ...name === 'rounded square' ? [`${colour} square with rounded corners`] : []], translations: colouredWords(colour, nouns, genders),
        draw: (k) => painted(k, name, k.pick(COLOURS[colour]), colour === 'white' || colour === 'yellow' && k.chance(.5)) };
    }
  }
  for (const direction of Object.keys(directions)) yield known(`arrow ${direction}`, 'arrow', 70, (k) => arrowTo(k, direction));
  for (const [name, draw] of Object.entries(arrows)) yield known(name, 'arrow', 50, draw);
  for (const [name, char] of Object.entries(SIGNS)) yield known(name, 'sign', 40, (k) => character(k, char));
  const counted = (kind, char) => ({ name: `${kind} ${char.toLowerCase()}`, category: kind, count: 40, tags: [`${kind === 'letter' ? 'character' : 'digit'} ${char.toLowerCase()}`, `${kind === 'letter' ? 'capital' : 'figure'} ${char.toLowerCase()}`, kind],
    translations: Object.fromEntries(LANGUAGES.map((lang) => [lang, [`${words.get(kind).translations[lang][0]} ${char.toLowerCase()}`]])), draw: (k) => character(k, char) });
  for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') yield counted('letter', char);
  for (const char of '0123456789') yield counted('number', char);
  for (const [name, draw] of Object.entries(sprites)) yield known(name, 'game sprite', 80, draw);
}

/** Jobs as prepare.mjs renders them: {record, svg()}. The drawings depend on the concept's name and the number alone. */
export function drawnJobs() {
  const jobs = [];
  for (const c of concepts()) {
    if (!c.tags || !c.translations) throw new Error(`No words for "${c.name}" in drawings/words.psv.`);
    const seed = parseInt(crypto.createHash('sha256').update(c.name).digest('hex').slice(0, 8), 16);
    for (let i = 0; i < c.count; i++) {
      jobs.push({ record: { set: 'drawn', name: `${c.name}--${i}`, tags: c.tags, categories: [c.category], translations: c.translations, kind: 'drawn' }, svg: () => Buffer.from(c.draw(new Kit(seed + i * 7919))) });
    }
  }
  return jobs;
}
