/** What the engine says is found again and translated: every sentence of its sources, with values, in one another, and what is not known stays. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEngineTranslate, engineTexts } from '../../src/host/engineTexts';

const dutch = JSON.parse(readFileSync(join(process.cwd(), 'l10n', 'bundle.l10n.nl.json'), 'utf8')) as Record<string, string>;
const translate = createEngineTranslate(english => dutch[english] ?? english);

const literal = /'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g;
/** Only in logs, on the command line, or when the product itself is wrong. */
const notShown = /^(The thread ended|There is no device|\$\{column\})/;

/** What is wrong with a model or a device is said in English. */
const ofModels = /^(calibration|conformance|device|encode|model|onnx|tokenizer)/;

/** Sentences, and the details that stand in them, of src/core; a value is written as `§`. */
function sentences(): string[] {
  const folder = join(process.cwd(), 'src', 'core');
  const found = new Set<string>();
  for (const name of readdirSync(folder).filter(each => each.endsWith('.ts') && !ofModels.test(each))) {
    const code = readFileSync(join(folder, name), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
    for (const line of code.split('\n').filter(each => !/\blog\(|warn\(|new Error\(/.test(each))) {
      for (const match of line.matchAll(literal)) {
        const text = (match[1] ?? match[2])!.replace(/\\(.)/g, '$1');
        const isSentence = /^(?:[A-Z"]|\$\{\w+\}).* .*\.$/s.test(text) && !text.includes('=>');
        const isDetail = /(?:corrupt|unsupportedVariant)\($|unsupported: $/.test(line.slice(0, match.index)) && text !== 'unknown';
        if ((isSentence || isDetail) && !notShown.test(text)) { found.add(text.replace(/\$\{[^}]*\}/g, '§').replace('§}', '§')); }
      }
    }
  }
  return [...found];
}

/** What stands in the way of a download, in src/models; the sentence on 429 is put together of more than its literal. */
function downloadSentences(): string[] {
  return ['download', 'hub', 'modelsFolder'].flatMap(name => readFileSync(join(process.cwd(), 'src', 'models', `${name}.ts`), 'utf8').split('\n').filter(line => !line.includes('(429)')))
    .flatMap(line => [...line.matchAll(literal)].map(match => (match[1] ?? match[2])!.replace(/\\(.)/g, '$1')))
    .filter(text => /^(?:[A-Z"]|\$\{[\w.]+\}).* .*(?:\.|Advice\})$/s.test(text)).map(text => text.replace(/\$\{[^}]*\}/g, '§').replace(' Check the network§. §', ' Check the network. §'));
}

suite('engine texts', () => {
  test('every sentence of the engine that a person may read is translated', () => {
    const all = sentences();
    assert.ok(all.length > 80, String(all.length));
    const model = JSON.parse(readFileSync(join(process.cwd(), 'media', 'builtin', 'model.json'), 'utf8')) as { name: string; description: string };
    const ofDownloads = downloadSentences();
    assert.ok(ofDownloads.length > 25, String(ofDownloads.length));
    assert.deepEqual([...all, ...ofDownloads, model.name, model.description].filter(text => translate(text) === text), []);
  });

  test('no text is offered twice, and each is found as itself', () => {
    const texts = engineTexts(english => english);
    assert.equal(new Set(texts).size, texts.length);
    const samples = texts.map(text => text.replace(/\{(\d)\}/g, 'v$1'));
    assert.deepEqual(samples.filter((sample, index) => translate(sample) !== dutch[texts[index]!]!.replace(/\{(\d)\}/g, 'v$1')), []);
  });

  test('values stay, and a reason within a sentence is translated with it', () => {
    assert.equal(translate('The image has 20000 x 30000 pixels, more than the limit of 100 megapixels.'), 'De afbeelding heeft 20000 x 30000 beeldpunten, meer dan de grens van 100 megapixels.');
    assert.equal(translate('The file is damaged or incomplete (it has 3 bits a pixel).'), 'Het bestand is beschadigd of onvolledig (het heeft 3 bits per beeldpunt).');
    assert.equal(translate('The file is damaged or incomplete (VipsJpeg: premature end).'), 'Het bestand is beschadigd of onvolledig (VipsJpeg: premature end).');
    assert.equal(translate('"a.png" cannot be read: the file is damaged or incomplete (it ends too early). Open it in an image editor and save it again, or restore it.'),
      '"a.png" kan niet worden gelezen: het bestand is beschadigd of onvolledig (het houdt te vroeg op). Open het in een beeldbewerker en sla het opnieuw op, of zet een eerdere versie terug.');
    assert.equal(translate('The picture shows nothing: the file is empty. Give another picture.'), 'De afbeelding toont niets: het bestand is leeg. Geef een andere afbeelding.');
  });

  test('of a download, with its advice', () => {
    assert.equal(translate('hub.example.org does not answer as a Hugging Face hub does: its answer is not JSON. Check the address of the mirror (HF_ENDPOINT) if you use one; otherwise try again later.'),
      'hub.example.org antwoordt niet zoals een hub van Hugging Face: het antwoord is geen JSON. Kijk het adres van de mirror na (HF_ENDPOINT) als je er een gebruikt; probeer het anders later opnieuw.');
    assert.equal(translate('hub.example.org is asked too often from your network (429). Try again in 5 min, or set an access token.'), 'hub.example.org krijgt te veel aanvragen van je netwerk (429). Probeer het over 5 min, of met een toegangstoken, opnieuw.');
  });

  test('what is not known stays as it is', () => {
    for (const text of ['', 'Cancelled.', 'Something else entirely. And more of it.', 'De map is weg.']) { assert.equal(translate(text), text); }
  });
});
