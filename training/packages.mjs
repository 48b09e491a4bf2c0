// What @iconify/json has not: icons of design systems, as enterprises, banks, carriers, builders and factories draw them, and emoji in other hands.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fontkit from 'fontkit';
import { lettering } from './drawings/lettering.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, 'node_modules');
const read = (file) => fs.readFileSync(path.join(modules, file), 'utf8');

/** What VK's names say of the look and the size. */
const VK = /(_(outline|fill|android|ios|shadow|badge|overlay|blue|green|red|violet|gray|grey|silver|gold|yellow|orange|pink|raspberry|turquoise|twilight|purple|white|black|\d+$)(?=_|$))+/g;

/** set: [npm package, licence of the drawings, folder of SVG files, what of a file name is not the icon's name, files that are wanted]. */
const FOLDERS = {
  'sap-v4': ['@ui5/webcomponents-icons', 'Apache-2.0', 'dist/v4'],
  'sap-v5': ['@ui5/webcomponents-icons', 'Apache-2.0', 'dist/v5'],
  'sap-tnt-v2': ['@ui5/webcomponents-icons-tnt', 'Apache-2.0', 'dist/v2'],
  'sap-tnt-v3': ['@ui5/webcomponents-icons-tnt', 'Apache-2.0', 'dist/v3'],
  'sap-business-v1': ['@ui5/webcomponents-icons-business-suite', 'Apache-2.0', 'dist/v1'],
  'sap-business-v2': ['@ui5/webcomponents-icons-business-suite', 'Apache-2.0', 'dist/v2'],
  'momentum': ['@momentum-design/icons', 'MIT', 'dist/svg', /-(light|regular|bold|filled|colored)/g],
  'momentum-ui': ['@momentum-ui/icons', 'MIT', 'svg', /_\d+$/],
  'spectrum': ['@adobe/spectrum-css-workflow-icons', 'Apache-2.0', 'icons/assets/svg', /^S2_Icon_|_20_N$|_\d+$/g],
  'modus-connect': ['@trimble-oss/modus-icons', 'MIT', 'dist/connect/svg'],
  'modus-field': ['@trimble-oss/modus-icons', 'MIT', 'dist/field-systems/svg'],
  'modus-outlined': ['@trimble-oss/modus-icons', 'MIT', 'dist/modus-outlined/svg'],
  'modus-solid': ['@trimble-oss/modus-icons', 'MIT', 'dist/modus-solid/svg'],
  'modus-transport': ['@trimble-oss/modus-icons', 'MIT', 'dist/transportation/svg'],
  'talend': ['@talend/icons', 'Apache-2.0', 'src/icon/L'],
  'talend-m': ['@talend/icons', 'Apache-2.0', 'src/icon/M'],
  'talend-core': ['@talend/icons', 'Apache-2.0', 'src/svg/core'],
  'talend-processors': ['@talend/icons', 'Apache-2.0', 'src/svg/processors'],
  'redhat': ['@rhds/icons', 'CC-BY-4.0', 'standard', /-fill$/],
  'redhat-ui': ['@rhds/icons', 'CC-BY-4.0', 'ui', /-fill$/],
  'atlassian': ['@atlaskit/icon', 'Apache-2.0', 'svgs', /-filled$/],
  'atlassian-core': ['@atlaskit/icon', 'Apache-2.0', 'svgs/core'],
  'atlassian-editor': ['@atlaskit/icon', 'Apache-2.0', 'svgs/editor'],
  'jetbrains': ['@jetbrains/icons', 'Apache-2.0', '.', /-?\d+px/g],
  'dhis2': ['@dhis2/ui-icons', 'BSD-3-Clause', 'build/es/svg', /-\d+$/],
  'backpack': ['@skyscanner/bpk-svgs', 'Apache-2.0', 'dist/svgs/icons/lg'],
  'aksel': ['@navikt/aksel-icons', 'MIT', 'dist/svg', /Fill$/],
  'infineon': ['@infineon/infineon-icons', 'MIT', 'svg', /(-f)?-\d+$/],
  'teamleader': ['@teamleader/ui-icons', 'MIT', 'icons', /^\d+x\d+_|_(outline|filled)$/g],
  'sumup': ['@sumup-oss/icons', 'Apache-2.0', 'web/v2', /_\d+$/],
  'patternfly': ['@patternfly/icons', 'MIT', 'patternfly', /^pficon-/],
  'vk-24': ['@vkontakte/icons', 'MIT', 'src/svg/24', VK],
  'vk-28': ['@vkontakte/icons', 'MIT', 'src/svg/28', VK],
  'vk-56': ['@vkontakte/icons', 'MIT', 'src/svg/56', VK],
  'semi': ['@douyinfe/semi-icons', 'MIT', 'src/svgs', /_stroked$/],
  'semi-lab': ['@douyinfe/semi-icons-lab', 'MIT', 'src/svgs'],
  'mozaic': ['@mozaic-ds/icons', 'ISC', 'svg', /^.*_(?=[^_]+_64px$)|_64px$|-alt(?=_64px$)/g, /^(?!Logotypes_).*_64px\.svg$/],
  'pie': ['@justeattakeaway/pie-icons', 'Apache-2.0', 'dist/icons', /(-filled)?-large$/, /-large\.svg$/],
  'epam': ['@epam/assets', 'MIT', 'icons', /^(action|account|navigation|editor|content|file|notification|media|table|database|fav-rates|communication|social|social-network)-|-(outline|fill)$/g, /-(outline|fill)\.svg$/],
  'gestalt': ['gestalt', 'Apache-2.0', 'src/icons', /-(fill|outline)$/],
  'clay': ['@clayui/css', 'MIT', 'src/images/icons', /-full$/, /^(?!flags-).*\.svg$/],
  'rocket-chat': ['@rocket.chat/icons', 'MIT', 'dist/svg', /-filled$/],
  'infor': ['ids-identity', 'Apache-2.0', 'dist/theme-new/icons/default/svg', /-(filled|dark)$/],
  'infor-classic': ['ids-identity', 'Apache-2.0', 'dist/theme-classic/icons/standard/svg', /-(filled|dark)$/],
  'bezier': ['@channel.io/bezier-icons', 'Apache-2.0', 'dist/svg', /-filled$/, /^(?!channel).*\.svg$/],
  'devui': ['@devui-design/icons', 'MIT', 'icomoon/svg/mean/common'],
  'devui-op': ['@devui-design/icons', 'MIT', 'icomoon/svg/op', /^op-/],
  'ebay': ['@ebay/skin', 'MIT', 'dist/svg/icon', /^icon-(ebay-)?|(-filled)?-\d+(-colored)?$/g, /-(24|64)(-colored)?\.svg$/],
};

/** Lower-case words with hyphens between them. */
const hyphened = (name) => name.replace(/([a-z])(?=[A-Z])/g, '$1-').replace(/[\s_]+/g, '-').replace(/-{2,}/g, '-').replace(/^-|-$/g, '').toLowerCase();

/** What the sets say about their icons beside the name: name -> {tags, categories}. */
const SAID = {
  aksel: () => {
    const text = read('@navikt/aksel-icons/dist/metadata.js');
    const data = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
    return Object.fromEntries(Object.values(data).map((x) => [x.id, { categories: [x.category, x.sub_category].filter(Boolean) }]));
  },
  redhat: () => metaphors('standard'), 'redhat-ui': () => metaphors('ui'),
  sumup: () => Object.fromEntries(JSON.parse(read('@sumup-oss/icons/manifest.json')).icons.map((x) => [`${x.name}_${x.size}`, { categories: [x.category] }])),
};

/** What an icon stands for: the short entries of a list in the set's YAML. */
function metaphors(set) {
  const out = {};
  let icon, inside = false;
  for (const line of read(`@rhds/icons/metadata/${set}.yaml`).split('\n')) {
    const named = /^ {4}icon: (\S+)/.exec(line), entry = /^ {6}- (.{2,40})$/.exec(line);
    if (named) out[icon = named[1]] = { tags: [] };
    else if (/^ {4}\w/.test(line)) inside = line.startsWith('    accepted_metaphors:');
    else if (inside && entry && icon) out[icon].tags.push(entry[1].replace(/\(.*\)/, '').replace(/"/g, '').trim());
  }
  return out;
}

function folderJobs(set) {
  const [pack, , folder, rest, wanted = /\.svg$/] = FOLDERS[set];
  const root = path.join(modules, pack, folder);
  const said = SAID[set]?.() ?? {};
  return fs.readdirSync(root).filter((f) => f.endsWith('.svg') && !f.startsWith('flag_') && wanted.test(f)).sort().map((f) => {
    const base = f.slice(0, -4);
    return {
      record: { set, name: base, called: hyphened(rest ? base.replace(rest, '') : base), ...said[base], kind: 'icon' },
      svg: () => Buffer.from(sized(fs.readFileSync(path.join(root, f), 'utf8'))), file: true,
    };
  });
}

/** CSS variables have no value outside their pages: such drawings are in one colour. */
const sized = (svg) => svg.replace(/var\(--[^()]+\)/g, '#000');

const svgOf = (viewBox, body) => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="${viewBox}">${body}</svg>`);

/** Sets whose packages hold paths in modules instead of files. */
const MODULES = {
  kendo: ['@progress/kendo-svg-icons', 'Apache-2.0', () => {
    const listed = Object.fromEntries(JSON.parse(read('@progress/kendo-svg-icons/dist/icons.json')).map((x) => [x.name, x]));
    const text = read('@progress/kendo-svg-icons/dist/index.es.js');
    return [...text.matchAll(/name: '([^']+)',\s*content: '([^']+)',\s*viewBox: '([^']+)'/g)].map(([, name, content, viewBox]) => ({
      record: { set: 'kendo', name, called: name, aliases: listed[name]?.aliases, categories: listed[name]?.categories, kind: 'icon' },
      svg: () => svgOf(viewBox, /stroke-/.test(content) && !/stroke="/.test(content) ? `<g stroke="#000">${content}</g>` : content),
    }));
  }],
  equinor: ['@equinor/eds-icons', 'Apache-2.0', () => {
    const text = read('@equinor/eds-icons/dist/esm/data.js');
    return [...text.matchAll(/name: '([^']+)',\s*prefix: '\w+',\s*height: '(\d+)',\s*width: '(\d+)',\s*(?:sizes?: [^,]+,\s*)?svgPathData: '([^']+)'/g)].map(([, name, height, width, d]) => ({
      record: { set: 'equinor', name, called: hyphened(name), kind: 'icon' }, svg: () => svgOf(`0 0 ${width} ${height}`, `<path d="${d}"/>`),
    }));
  }],
  blueprint: ['@blueprintjs/icons', 'Apache-2.0', () => JSON.parse(read('@blueprintjs/icons/icons.json')).flatMap(({ iconName, tags, group }) => {
    const file = path.join(modules, '@blueprintjs/icons/lib/esm/generated/20px/paths', `${iconName}.js`);
    if (!fs.existsSync(file)) return [];
    const paths = [...fs.readFileSync(file, 'utf8').split('//#')[0].matchAll(/"([^"]+)"/g)].map(([, d]) => `<path fill-rule="evenodd" d="${d}"/>`).join('');
    return [{
      record: { set: 'blueprint', name: iconName, called: iconName, tags: tags.split(',').map((t) => t.trim()).filter(Boolean), categories: [group], kind: 'icon' },
      svg: () => svgOf('0 0 20 20', paths),
    }];
  })],
};

/** Sets of components, one a file: [npm package, licence, folder, files that are wanted, what of a file name is not the icon's name]. */
const COMPONENTS = {
  plasma: ['@salutejs/plasma-icons', 'MIT', 'es/scalable/Icon.assets.36', /^(?!Sb|Sber|Salute|Gosuslugi|index)\w+\.js$/, /(Outline|Fill)$/],
  alfa: ['@alfalab/icons-glyph', 'MIT', '.', /^(?!Sf)\w+MIcon\.js$/, /(Compact|Heavy|Medium|Large|Line)*MIcon$/],
  mistica: ['@telefonica/mistica', 'MIT', 'dist-es/generated/mistica-icons', /-(regular|filled)\.js$/, /^icon-|-(regular|filled)$/g],
  visa: ['@visa/nova-icons-react', 'Apache-2.0', 'generic', /-high\.mjs$/, /-high$/],
  vibe: ['@vibe/icons', 'MIT', 'dist/svg', /\.svg\.js$/, /\.svg$/],
  tiny: ['@opentiny/vue-icon', 'MIT', 'lib', /^(?!index)[\w-]+\.js$/, /-(linear|o)$/],
  charcoal: ['@charcoal-ui/icons', 'Apache-2.0', 'react/v2/24/regular', /^(?!index)\w+\.js$/],
  'charcoal-solid': ['@charcoal-ui/icons', 'Apache-2.0', 'react/v2/24/solid', /^(?!index)\w+\.js$/],
  spindle: ['@openameba/spindle-ui', 'MIT', 'Icon', /^(?!index|Icon)\w+\.js$/, /(Bold|Fill)$/],
  paste: ['@twilio-paste/icons', 'MIT', 'esm', /^\w+Icon\.js$/, /Icon$/],
};

/** SVG of the first drawing in the code of a component; null where it is more than paths. */
function componentSvg(text) {
  const whole = /<svg[^]*<\/svg>/.exec(text);
  if (whole) return Buffer.from(whole[0].replaceAll('\\n', ' '));
  const viewBox = /viewBox:\s*["'`]([\d. ]+)["'`]/.exec(text);
  if (!viewBox) return null;
  const drawing = text.slice(viewBox.index).split(/viewBox:/)[1];
  if (/["'`](rect|circle|ellipse|mask|use|line|polygon|polyline)["'`]|stroke/.test(drawing)) return null;
  const paths = [...drawing.matchAll(/\{[^{}]*\bd:\s*["']([^"']+)["'][^{}]*\}/g)].map(([code, d]) => `<path d="${d}"${/fillRule["']?:\s*["']evenodd/.test(code) || /fill-rule["']:\s*["']evenodd/.test(code) ? ' fill-rule="evenodd"' : ''}/>`);
  return paths.length ? svgOf(viewBox[1], paths.join('')) : null;
}

function componentJobs(set) {
  const [pack, , folder, wanted, rest = /$/] = COMPONENTS[set];
  const root = path.join(modules, pack, folder);
  return fs.readdirSync(root).filter((f) => wanted.test(f)).sort().flatMap((f) => {
    const svg = componentSvg(fs.readFileSync(path.join(root, f), 'utf8'));
    const base = f.replace(/\.m?js$/, '');
    return svg ? [{ record: { set, name: base, called: hyphened(base.replace(rest, '') || base), kind: 'icon' }, svg: () => svg, file: true }] : [];
  });
}

/** Warp has a folder for each icon, in three sizes. */
function warpJobs() {
  const root = path.join(modules, '@warp-ds/icons/dist/icons');
  return fs.readdirSync(root).sort().flatMap((name) => {
    const file = path.join(root, name, 'icon_32.svg');
    return fs.existsSync(file) ? [{ record: { set: 'warp', name, called: hyphened(name), kind: 'icon' }, svg: () => fs.readFileSync(file), file: true }] : [];
  });
}

/** Small words of other languages that WordNet has as abbreviations and letters. */
const FOREIGN = new Set('und e et con de di da la le il un en der die das im am zu von del al per des du'.split(' '));

/** Words of WordNet: what tells English from German, French and Italian where a set gives all four in no order. */
function englishWords() {
  const words = new Set('a an the to of in on at is are by for with and or from off your my new via app online it'.split(' '));
  for (const pos of ['noun', 'verb', 'adj', 'adv']) for (const line of fs.readFileSync(`/usr/share/wordnet/index.${pos}`, 'latin1').split('\n')) if (line[0] !== ' ') words.add(line.split(' ')[0]);
  return words;
}

/** Swiss Post names its icons by number, and says in its report what they show; only what is English for sure is taken. */
function postJobs() {
  const english = englishWords();
  const known = (word) => english.has(word) || english.has(word.replace(/s$/, '')) || english.has(word.replace(/es$/, '')) || english.has(word.replace(/(ed|ing)$/, '')) || english.has(word.replace(/(d|ing)$/, '')) || english.has(word.replace(/ing$/, 'e'));
  const root = path.join(modules, '@swisspost/design-system-icons/public');
  const jobs = [];
  for (const { name, keys } of JSON.parse(fs.readFileSync(path.join(root, 'report.min.json'), 'utf8')).icons) {
    const said = [...new Set(keys.map((k) => k.replace(/\u200b/g, '').trim().toLowerCase()).filter((k) => /^[a-z0-9 '&-]{3,40}$/.test(k) && k.split(/[ -]+/).every((w) => w && known(w) && !FOREIGN.has(w))))];
    const file = path.join(root, 'post-icons', `${name}.svg`);
    if (!said.length || !fs.existsSync(file)) continue;
    jobs.push({ record: { set: 'swisspost', name, called: hyphened(said[0]), tags: said.slice(1), kind: 'icon' }, svg: () => {
      const [, viewBox, body] = /<symbol[^>]* viewBox="([^"]+)"[^>]*>(.*?)<\/symbol>/s.exec(fs.readFileSync(file, 'utf8'));
      return svgOf(viewBox, sized(body));
    } });
  }
  return jobs;
}

/** Code points of an emoji ("1f468-200d-1f33e", no variation selectors) -> its label. */
function labels() {
  const out = new Map();
  for (const { hexcode, label } of JSON.parse(read('emojibase-data/en/data.json'))) out.set(hexcode.toLowerCase().replaceAll('-fe0f', ''), label);
  return out;
}

/** Emoji that are glyphs of a font, one picture a weight. */
function glyphJobs(set, pack, weights) {
  const known = labels();
  const root = path.join(modules, pack, 'files');
  const seen = new Set();
  return weights.flatMap((weight) => fs.readdirSync(root).filter((f) => f.endsWith(`-${weight}-normal.woff`)).sort().flatMap((file) => {
    const font = fontkit.openSync(path.join(root, file));
    return font.characterSet.flatMap((point) => {
      const hex = point.toString(16).padStart(4, '0');
      const name = `${hex}-${weight}`;
      if (!known.has(hex) || seen.has(name)) return [];
      seen.add(name);
      return [{
        record: { set, name, called: hyphened(known.get(hex)), hex, kind: 'icon' },
        svg: () => {
          const { path: outline, bbox: { minX, minY, maxX, maxY } } = font.glyphForCodePoint(point);
          const side = Math.max(maxX - minX, maxY - minY) * 1.08;
          return svgOf(`${(minX + maxX - side) / 2} ${-(minY + maxY + side) / 2} ${side} ${side}`, `<path transform="scale(1,-1)" d="${outline.toSVG()}"/>`);
        },
      }];
    });
  }));
}

/** Fluent's emoji as solids; of the tones of a skin one. */
function solidJobs() {
  const known = labels();
  const root = path.join(modules, '@lobehub/fluent-emoji-3d/assets');
  const groups = new Map();
  for (const file of fs.readdirSync(root).filter((f) => f.endsWith('.webp')).sort()) {
    const hex = file.slice(0, -5).replaceAll('-fe0f', '');
    const base = hex.replace(/-1f3f[b-f]/g, '');
    if (known.has(base)) groups.set(base, [...(groups.get(base) ?? []), file]);
  }
  return [...groups].map(([hex, files]) => ({
    record: { set: 'fluent-emoji-3d', name: hex, called: hyphened(known.get(hex)), hex, kind: 'icon' },
    svg: () => fs.readFileSync(path.join(root, files[parseInt(hex, 16) % files.length])),
  }));
}

/** set -> {pack, licence, jobs()}; a job is {record, svg(), file}. */
export const PACKAGES = {
  ...Object.fromEntries(Object.entries(FOLDERS).map(([set, [pack, licence]]) => [set, { pack, licence, jobs: () => folderJobs(set) }])),
  ...Object.fromEntries(Object.entries(MODULES).map(([set, [pack, licence, jobs]]) => [set, { pack, licence, jobs }])),
  'noto-emoji-mono': { pack: '@fontsource/noto-emoji', licence: 'OFL-1.1', jobs: () => glyphJobs('noto-emoji-mono', '@fontsource/noto-emoji', [300, 600]) },
  'noto-symbols': { pack: '@fontsource/noto-sans-symbols-2', licence: 'OFL-1.1', jobs: () => glyphJobs('noto-symbols', '@fontsource/noto-sans-symbols-2', [400]) },
  'fluent-emoji-3d': { pack: '@lobehub/fluent-emoji-3d', licence: 'MIT', jobs: solidJobs },
  ...Object.fromEntries(Object.entries(COMPONENTS).map(([set, [pack, licence]]) => [set, { pack, licence, jobs: () => componentJobs(set) }])),
  warp: { pack: '@warp-ds/icons', licence: 'Apache-2.0', jobs: warpJobs },
  lettering: {
    title: 'Drawn by drawings/lettering.mjs in the letters of Inter, Roboto Mono, Oswald, Rubik, Barlow Condensed, Archivo Black, Source Serif 4 and Fredoka (@fontsource)', pack: '@fontsource/inter', licence: 'OFL-1.1',
    jobs: () => lettering(modules).map(({ name, called, body }) => ({ record: { set: 'lettering', name, called, kind: 'drawn' }, svg: () => svgOf('0 0 64 64', body()) })),
  },
  swisspost: { pack: '@swisspost/design-system-icons', licence: 'Apache-2.0', jobs: postJobs },
};
