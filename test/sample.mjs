// Makes the sample workspace: several hundred images of every kind, laid out as in a real project. The same bytes every time.
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { basicFiles, drawBroken } from './sampleFiles.mjs';
import { drawLandscape, drawLogo, drawScreenshot, drawSpinner, randomFrom, scenes, screens } from './samplePictures.mjs';

/** Raise it when the content below changes: samples made by older versions are then made anew. */
const version = 1;
const stampName = '.asset-search-sample';

const repository = process.cwd();
const lucide = join(repository, 'node_modules', 'lucide-static', 'icons');
const phosphor = join(repository, 'node_modules', '@phosphor-icons', 'core', 'assets');
const twemoji = join(repository, 'node_modules', '@twemoji', 'svg');

/** lucide-static (ISC). */
const lineIcons = `
shopping-cart shopping-bag credit-card wallet receipt tag gift truck package store heart star bell calendar clock alarm-clock camera image 
video film mic music headphones volume-2 play pause phone mail message-circle send user users user-plus log-in log-out lock unlock key 
shield eye eye-off search settings sliders-horizontal filter trash-2 pencil copy clipboard scissors save download upload cloud cloud-rain 
sun moon snowflake umbrella wind thermometer zap flame droplet leaf tree-pine flower bird cat dog fish rabbit squirrel turtle bug car bus 
bike plane ship rocket train-front map map-pin compass globe house building hospital school factory warehouse bed bath sofa lamp coffee 
pizza apple banana cherry carrot cake cookie beer wine utensils soup laptop monitor smartphone tablet keyboard mouse printer server 
database hard-drive cpu wifi bluetooth battery plug lightbulb book book-open bookmark newspaper graduation-cap pen palette brush ruler 
hammer wrench anchor crown trophy medal flag target puzzle gamepad-2 dice-5 ghost skull brain bone baby glasses shirt watch backpack 
briefcase chart-bar chart-pie chart-line calculator code terminal git-branch bot folder file file-text archive link paperclip pin 
refresh-cw rotate-cw undo-2 redo-2 arrow-up arrow-down arrow-left arrow-right chevron-down plus minus x check circle-alert triangle-alert 
info circle-help ban menu grip-vertical layout-grid list table columns-2 maximize-2 minimize-2 zoom-in zoom-out move scan qr-code barcode 
fingerprint accessibility recycle sprout tractor tent mountain waves castle church`;

/** @phosphor-icons/core (MIT). */
const solidIcons = `
shopping-cart heart bell gear house user camera music-notes envelope lock key magnifying-glass trash pencil cloud sun moon snowflake 
lightning fire tree flower cat dog fish bird bug car bus bicycle airplane boat rocket train map-pin compass globe pizza coffee apple-logo 
carrot cake cookie beer-bottle wine fork-knife laptop desktop device-mobile keyboard mouse printer database cpu battery-full plug lightbulb 
book graduation-cap paint-brush ruler hammer wrench anchor crown trophy medal flag target puzzle-piece game-controller dice-five ghost 
skull brain bone baby eyeglasses t-shirt watch backpack briefcase chart-bar chart-pie calculator`;

/** @twemoji/svg (graphics CC-BY 4.0) under names a person would give. */
const namedEmoji = `
1f600:grinning-face 1f602:tears-of-joy 1f60d:heart-eyes 1f60e:sunglasses-face 1f914:thinking-face 1f634:sleeping-face 1f621:angry-face 1f62d:crying-face
1f44d:thumbs-up 1f44b:waving-hand 1f44f:clapping-hands 1f64f:folded-hands 1f4aa:flexed-biceps 1f436:dog-face 1f431:cat-face 1f42d:mouse-face 1f430:rabbit-face
1f98a:fox 1f43b:bear 1f43c:panda 1f42f:tiger-face 1f981:lion 1f42e:cow-face 1f437:pig-face 1f438:frog 1f435:monkey-face 1f414:chicken 1f427:penguin 1f989:owl
1f41d:honeybee 1f98b:butterfly 1f422:turtle 1f40d:snake 1f419:octopus 1f420:tropical-fish 1f42c:dolphin 1f40b:whale 1f332:evergreen-tree 1f335:cactus
1f339:rose 1f33b:sunflower 1f34e:red-apple 1f34c:banana 1f353:strawberry 1f349:watermelon 1f355:pizza 1f354:hamburger 1f35f:french-fries 1f369:doughnut
1f382:birthday-cake 2615:hot-beverage 1f37a:beer-mug 26bd:soccer-ball 1f3c0:basketball 1f3b8:guitar 1f3b9:musical-keyboard 1f697:car 1f68c:bus 1f692:fire-engine
1f6b2:bicycle 2708:airplane 1f680:rocket 26f5:sailboat 1f3e0:house 1f3e5:hospital 231a:watch 1f4f1:mobile-phone 1f4bb:laptop 1f4f7:camera 1f4a1:light-bulb`;

/** The same set, left under code points: only their picture tells what they are. */
const unnamedEmoji = `
1f6d2 1f381 1f388 1f389 1f3c6 1f3af 1f3b2 1f3ae 1f3a8 1f3ac 1f3a4 1f3a7 1f511 1f512 1f513 1f528 1f527 1f52c 1f52d 1f489 1f48a 1f6aa 1f6cb 1f6bf 1f6bd 1f4da 1f4d6
1f4dd 1f4c5 1f4c8 1f4ca 1f4ce 1f4e6 1f4e7 1f4ec 1f4b0 1f4b3 1f48e 1f451 1f452 1f453 1f454 1f455 1f457 1f45f 1f460 1f392 1f302 2602 2744 2600 26a1 1f525 1f4a7 1f30a
1f308 1f30d 1f319 2b50 1f383 1f384 1f47b 1f47d 1f916 1f480 1f4a9 2764 1f494 1f48b`;

const flags = `
1f1e9-1f1ea:germany 1f1eb-1f1f7:france 1f1ee-1f1f9:italy 1f1ea-1f1f8:spain 1f1f5-1f1f9:portugal 1f1f3-1f1f1:netherlands 1f1e7-1f1ea:belgium 1f1e6-1f1f9:austria
1f1e8-1f1ed:switzerland 1f1f8-1f1ea:sweden 1f1f3-1f1f4:norway 1f1e9-1f1f0:denmark 1f1eb-1f1ee:finland 1f1ee-1f1f8:iceland 1f1ee-1f1ea:ireland 1f1ec-1f1e7:united-kingdom
1f1f5-1f1f1:poland 1f1e8-1f1ff:czechia 1f1ec-1f1f7:greece 1f1f9-1f1f7:turkey 1f1fa-1f1e6:ukraine 1f1fa-1f1f8:united-states 1f1e8-1f1e6:canada 1f1f2-1f1fd:mexico
1f1e7-1f1f7:brazil 1f1e6-1f1f7:argentina 1f1ef-1f1f5:japan 1f1f0-1f1f7:south-korea 1f1ee-1f1f3:india 1f1e6-1f1fa:australia 1f1ff-1f1e6:south-africa 1f1f0-1f1ea:kenya`;

const photoFormats = [
  ['jpg', image => image.jpeg({ quality: 82 })],
  ['webp', image => image.webp({ quality: 78 })],
  ['avif', image => image.avif({ quality: 50, effort: 1 })],
  ['tiff', image => image.tiff({ compression: 'jpeg' })],
];

const words = text => text.trim().split(/\s+/);
const pairs = text => words(text).map(word => word.split(':'));
const inkColours = ['#111827', '#1d4ed8', '#b91c1c', '#15803d', '#6d28d9', '#c2410c'];

/**
 * Makes the sample in `folder`, which must not hold anything else, unless it is there already.
 * @param {string} folder
 * @param {{ small?: boolean }} [options] small: about a tenth of it, for tests
 * @returns {Promise<{ images: number, made: boolean }>} how many image files there are outside ignored and broken/ folders
 */
export async function makeSample(folder, { small = false } = {}) {
  const stamp = JSON.stringify({ version, small });
  const found = await readFile(join(folder, stampName), 'utf8').catch(() => undefined);
  if (found && JSON.parse(found).stamp === stamp) { return { images: JSON.parse(found).images, made: false }; }
  const entries = await readdir(folder).catch(() => []);
  if (entries.length > 0 && found === undefined) { throw new Error(`${folder} holds files of its own: the sample needs a new or an empty folder.`); }
  await rm(folder, { recursive: true, force: true });

  // Loaded here and not above: who finds the sample made already needs no native library.
  const { default: sharp } = await import('sharp');
  const some = (list, count) => small ? list.slice(0, count) : list;
  let images = 0;
  const put = async (path, content) => {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await (typeof content === 'string' && content.startsWith(repository) ? copyFile(content, file) : writeFile(file, content));
  };
  const image = async (path, content) => { await put(path, content); images++; };
  const inked = async (file, colour) => Buffer.from((await readFile(file, 'utf8')).replaceAll('currentColor', colour));
  const rendered = async (file, sizePx, colour = '#000') => sharp(await inked(file, colour), { density: 300 }).resize(sizePx, sizePx, { fit: 'contain', background: '#0000' }).png().toBuffer();

  // Icons as a web project keeps them.
  for (const name of some(words(lineIcons), 16)) { await image(`src/assets/icons/${name}.svg`, join(lucide, `${name}.svg`)); }
  for (const name of some(words(solidIcons), 4)) { await image(`src/assets/icons/duotone/${name}.svg`, join(phosphor, 'duotone', `${name}-duotone.svg`)); }

  // The same motifs as pictures: dark on transparent, and for dark themes light on transparent, where a careless search sees nothing.
  const random = randomFrom(7);
  for (const [index, name] of some(words(solidIcons).slice(0, 60), 4).entries()) {
    await image(`packages/app/src/images/${name}.png`, await rendered(join(phosphor, 'fill', `${name}-fill.svg`), [64, 96, 128][index % 3], inkColours[index % inkColours.length]));
  }
  for (const [index, name] of some(words(solidIcons).slice(20, 60), 4).entries()) {
    await image(`packages/app/src/images/dark-theme/${name}-light.png`, await rendered(join(phosphor, 'regular', `${name}.svg`), [48, 64][index % 2], '#ffffff'));
  }
  for (const name of some(['star', 'heart', 'bell', 'gear', 'user'], 2)) {
    const png = await rendered(join(phosphor, 'fill', `${name}-fill.svg`), 128, '#0f766e');
    await image(`packages/app/src/images/webp/${name}.webp`, await sharp(png).webp({ lossless: true }).toBuffer());
    await image(`packages/legacy/img/${name}_icon.gif`, await sharp(png).flatten({ background: '#fff' }).gif().toBuffer());
  }
  // A copy under another name: its vector is reused.
  await image('packages/legacy/img/basket-old.svg', join(lucide, 'shopping-cart.svg'));

  // Emoji and flags.
  for (const [code, name] of some(pairs(namedEmoji), 10)) { await image(`public/emoji/${name}.svg`, join(twemoji, `${code}.svg`)); }
  for (const code of some(words(unnamedEmoji), 8)) { await image(`public/emoji/twemoji/${code}.svg`, join(twemoji, `${code}.svg`)); }
  for (const [code, name] of some(pairs(flags), 3)) { await image(`public/flags/${name}.svg`, join(twemoji, `${code}.svg`)); }

  // Photo-like pictures in every format, and one that a camera held upright.
  for (const [index, { name, ...scene }] of some(scenes, 4).entries()) {
    const picture = await drawLandscape(sharp, scene, 100 + index);
    const [ending, encode] = photoFormats[index % photoFormats.length];
    await image(`docs/images/${name}.${ending}`, await encode(sharp(picture)).toBuffer());
    if (index === 0) { await image('docs/images/phone-upright.jpg', await sharp(picture).rotate(90).withMetadata({ orientation: 8 }).jpeg().toBuffer()); }
  }
  for (const [index, screen] of some(screens, 2).entries()) {
    await image(`docs/screenshots/${screen.name}.png`, await sharp(Buffer.from(drawScreenshot(screen, 300 + index))).png({ compressionLevel: 6 }).toBuffer());
  }

  // A game: single sprites, a sheet of sixteen, animations.
  const spriteNames = some(pairs(namedEmoji).slice(13, 49), 4);
  for (const [index, [code, name]] of spriteNames.entries()) {
    await image(`game/sprites/${name.replaceAll('-', '_')}.png`, await rendered(join(twemoji, `${code}.svg`), [32, 64][index % 2]));
  }
  const cells = await Promise.all(pairs(namedEmoji).slice(13, 29).map(async ([code], cell) => ({ input: await rendered(join(twemoji, `${code}.svg`), 60), left: (cell % 4) * 64 + 2, top: Math.floor(cell / 4) * 64 + 2 })));
  await image('game/sprites/animals-sheet.png', await sharp({ create: { width: 256, height: 256, channels: 4, background: '#0000' } }).composite(cells).png().toBuffer());
  for (const [name, colour] of some([['coin', '#f5b301'], ['gem', '#22c1dc'], ['fireball', '#f2541b'], ['potion', '#9b4dca']], 1)) {
    const frames = await Promise.all([...Array(6).keys()].map(step => sharp(Buffer.from(drawSpinner(name, colour, step / 6))).png().toBuffer()));
    await image(`game/animations/${name}.gif`, await sharp(frames, { join: { animated: true } }).gif({ delay: frames.map(() => 90) }).toBuffer());
  }

  // Logos with a title inside and file names that say little.
  for (const [index, title] of some(['Acme Rockets', 'Blue Fin', 'Cedar & Oak', 'Delta Post', 'Evergreen Bank', 'Foxglove', 'Granite', 'Harbor Lights', 'Ivy League Tea', 'Juniper', 'Kite Mail', 'Lumen'], 2).entries()) {
    await image(`website/static/brand/logo-${String(index + 1).padStart(2, '0')}.svg`, drawLogo(title, random));
  }

  for (const [path, text] of Object.entries(basicFiles)) { await put(path, text); }
  for (const name of some(words(lineIcons).slice(0, 5), 2)) { await put(`build/${name}.png`, await rendered(join(lucide, `${name}.svg`), 64)); }
  await drawBroken(sharp, put);
  await put(stampName, JSON.stringify({ stamp, images }));
  return { images, made: true };
}
