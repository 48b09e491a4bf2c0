/** Pictures that any image model should know, drawn by us, each with its caption: what the conformance check asks a model about. */

export interface ConformancePicture { caption: string; svg: string }

const draw = (caption: string, body: string): ConformancePicture =>
  ({ caption, svg: `<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512" viewBox="0 0 100 100"><path fill="#fff" d="M0 0h100v100H0z"/>${body}</svg>` });

/**
 * No two captions share a word but the article, and no two pictures a main colour and shape: what an unrelated model finds alike in pictures has then no counterpart
 * in captions. Things that both drawings and photographs teach.
 */
export const conformancePictures: readonly ConformancePicture[] = [
  draw('a red heart', '<path fill="#e0202c" d="M50 88 14 50C2 36 10 14 29 14c10 0 17 6 21 13 4-7 11-13 21-13 19 0 27 22 15 36z"/>'),
  draw('a yellow star', '<path fill="#f8c81c" d="m50 8 13 28 31 4-23 21 6 31-27-15-27 15 6-31L6 40l31-4z"/>'),
  draw('an arrow pointing to the right', '<path d="M8 42h48V20l38 30-38 30V58H8z"/>'),
  draw('a house', '<path fill="#d8b48c" d="M18 46h64v46H18z"/><path fill="#a83424" d="M8 48 50 12l42 36z"/><path fill="#6c4428" d="M42 62h16v30H42z"/><path fill="#9cd0f0" d="M24 56h12v12H24zM64 56h12v12H64z"/>'),
  draw('a tree', '<path fill="#7c5030" d="M44 60h12v34H44z"/><circle cx="50" cy="34" r="26" fill="#2c8c3c"/><circle cx="30" cy="48" r="18" fill="#2c8c3c"/><circle cx="70" cy="48" r="18" fill="#2c8c3c"/>'),
  draw('the sun', `<circle cx="50" cy="50" r="22" fill="#fcb414"/><g stroke="#fcb414" stroke-width="6" stroke-linecap="round">${
    Array.from({ length: 8 }, (_, index) => `<path d="M50 18V6" transform="rotate(${45 * index} 50 50)"/>`).join('')}</g>`),
  draw('a crescent moon at night', '<path fill="#101c48" d="M0 0h100v100H0z"/><path fill="#f4ecb8" d="M62 14a38 38 0 1 0 24 52A32 32 0 0 1 62 14z"/>'),
  draw('a smiling face', '<circle cx="50" cy="50" r="42" fill="#ffd83c" stroke="#000" stroke-width="3"/><circle cx="35" cy="40" r="6"/><circle cx="65" cy="40" r="6"/><path d="M26 58a26 22 0 0 0 48 0" fill="none" stroke="#000" stroke-width="5" stroke-linecap="round"/>'),
  draw('a padlock', '<path d="M32 46V32a18 18 0 0 1 36 0v14" fill="none" stroke="#606870" stroke-width="9"/><rect x="20" y="44" width="60" height="46" rx="6" fill="#e0a42c"/><circle cx="50" cy="62" r="7"/><path d="M47 64h6v14h-6z"/>'),
  draw('an envelope', '<rect x="8" y="22" width="84" height="56" rx="4" fill="#f4f0e4" stroke="#404850" stroke-width="4"/><path d="m10 26 40 30 40-30" fill="none" stroke="#404850" stroke-width="4"/>'),
  draw('a clock', '<circle cx="50" cy="50" r="42" fill="#fff" stroke="#202428" stroke-width="6"/><path d="M50 22v28l18 12" fill="none" stroke="#202428" stroke-width="5" stroke-linecap="round"/><path d="M50 12v6M50 82v6M12 50h6M82 50h6" stroke="#202428" stroke-width="4"/>'),
  draw('an umbrella', '<path fill="#7c3cb0" d="M6 52a44 40 0 0 1 88 0c-6-8-16-8-22 0-6-8-16-8-22 0-6-8-16-8-22 0-6-8-16-8-22 0z"/><path d="M50 48v34a8 8 0 0 1-16 0" fill="none" stroke="#503018" stroke-width="5" stroke-linecap="round"/>'),
  draw('a mushroom', '<path fill="#f0e4cc" d="M38 52h24l4 38H34z"/><path fill="#c8241c" d="M8 56a42 42 0 0 1 84 0z"/><circle cx="34" cy="38" r="6" fill="#fff"/><circle cx="58" cy="28" r="7" fill="#fff"/><circle cx="74" cy="46" r="5" fill="#fff"/>'),
  draw('a banana', '<path fill="#fce03c" stroke="#806010" stroke-width="2" d="M20 16c0 44 24 62 66 60 4 0 5-7 1-8C58 62 38 48 30 14c-1-5-10-4-10 2z"/>'),
  draw('a car', '<path fill="#2464c8" d="M6 66V52l14-4 14-18h34l16 18 10 6v12z"/><path fill="#c8e4f8" d="M38 36h12v12H28zM54 36h12l10 12H54z"/><circle cx="26" cy="68" r="10"/><circle cx="74" cy="68" r="10"/>'),
  draw('a fish', '<path fill="#f47c1c" d="M8 50c14-26 44-28 62-6l22-16v44L70 56C52 78 22 76 8 50z"/><circle cx="24" cy="46" r="4"/>'),
  draw('a magnifying glass', '<circle cx="42" cy="42" r="26" fill="#e4f4fc" stroke="#303840" stroke-width="8"/><path d="m62 62 28 28" stroke="#303840" stroke-width="12" stroke-linecap="round"/>'),
  draw('a camera', '<path fill="#383c44" d="M8 30h20l8-12h28l8 12h20v54H8z"/><circle cx="50" cy="56" r="20" fill="#d0d8e0"/><circle cx="50" cy="56" r="13" fill="#182848"/>'),
  draw('a traffic light', '<rect x="32" y="4" width="36" height="92" rx="8" fill="#282c30"/><circle cx="50" cy="22" r="12" fill="#f02818"/><circle cx="50" cy="50" r="12" fill="#f8c014"/><circle cx="50" cy="78" r="12" fill="#18b838"/>'),
  draw('a cup of coffee', '<path fill="#e8e8ec" stroke="#505458" stroke-width="3" d="M18 40h54v26a20 20 0 0 1-20 20H38a20 20 0 0 1-20-20z"/><path d="M72 46h8a10 10 0 0 1 0 24h-8" fill="none" stroke="#505458" stroke-width="5"/><ellipse cx="45" cy="41" rx="26" ry="5" fill="#50301c"/><path d="M34 30c-6-8 6-10 0-20M52 30c-6-8 6-10 0-20" fill="none" stroke="#a0a4a8" stroke-width="4"/>'),
];
