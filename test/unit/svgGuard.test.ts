/** SVG texts that would expand without end are refused before they are rendered; titles are read. */
import assert from 'node:assert/strict';
import { guardSvg, maxSvgBytes } from '../../src/core/svgGuard';

const wrap = (body: string, prolog = '') => Buffer.from(`${prolog}<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">${body}</svg>`);
const text = (bytes: Uint8Array) => guardSvg(bytes).bytes.toString();

/** `levels` groups, each drawing the one before it `width` times. */
function useBomb(levels: number, width: number): string {
  let body = '<g id="n0"><path d="M0 0"/></g>';
  for (let level = 1; level <= levels; level++) { body += `<g id="n${level}">${`<use href="#n${level - 1}"/>`.repeat(width)}</g>`; }
  return body;
}

suite('svgGuard', () => {
  test('flat entities are replaced, as Illustrator writes them', () => {
    const out = text(wrap('<path fill="&red;"/>', '<!DOCTYPE svg [<!ENTITY red "#f00"><!ENTITY ns \'http://x\'>]>'));
    assert.match(out, /fill="#f00"/);
    assert.doesNotMatch(out, /DOCTYPE|ENTITY/);
  });

  test('entities made of entities, external and parameter entities are refused', () => {
    for (const declarations of ['<!ENTITY a "x"><!ENTITY b "&a;&a;">', '<!ENTITY a SYSTEM "file:///etc/passwd">', '<!ENTITY % a "<!ENTITY b \'x\'>">']) {
      assert.throws(() => guardSvg(wrap('<text>&b;</text>', `<!DOCTYPE svg [${declarations}]>`)), { code: 'svgTooComplex' });
    }
  });

  test('one long entity used often is refused', () => {
    const bomb = wrap('&a;'.repeat(20_000), `<!DOCTYPE svg [<!ENTITY a "${'x'.repeat(1000)}">]>`);
    assert.throws(() => guardSvg(bomb), { code: 'svgTooComplex' });
  });

  test('use inside use inside use is refused, a sprite used a thousand times is not', () => {
    assert.throws(() => guardSvg(wrap(useBomb(6, 10))), { code: 'svgTooComplex' });
    assert.doesNotThrow(() => guardSvg(wrap(useBomb(3, 10))));
    assert.doesNotThrow(() => guardSvg(wrap(`<g id="a"><path d="M0 0"/></g>${'<use href="#a"/>'.repeat(1000)}`)));
  });

  test('xlink:href and nested patterns count as well', () => {
    assert.throws(() => guardSvg(wrap(useBomb(6, 10).replaceAll('href', 'xlink:href'))), { code: 'svgTooComplex' });
    let patterns = '';
    for (let level = 1; level < 8; level++) { patterns += `<pattern id="p${level}">${`<rect fill="url(#p${level - 1})"/>`.repeat(10)}</pattern>`; }
    assert.throws(() => guardSvg(wrap(`${patterns}<rect fill="url('#p7')"/>`)), { code: 'svgTooComplex' });
  });

  test('a cycle, a large flat drawing and deep nesting are no bombs', () => {
    assert.doesNotThrow(() => guardSvg(wrap('<g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g>')));
    assert.doesNotThrow(() => guardSvg(wrap('<path d="M0 0"/>'.repeat(250_000))));
    assert.doesNotThrow(() => guardSvg(wrap(Array.from({ length: 50_000 }, (_, index) => `<g id="i${index}">`).join('') + '</g>'.repeat(50_000))));
  });

  test('too much text is refused', () => {
    assert.throws(() => guardSvg(wrap(' '.repeat(maxSvgBytes))), { code: 'svgTooComplex' });
  });

  test('the root is found behind comments, prefixes and other encodings', () => {
    assert.match(text(wrap('<g/>', `<?xml version="1.0"?><!-- <svg> ${'-'.repeat(3000)} -->`)), /^<!--<svg--><svg /);
    assert.match(text(Buffer.from('<a:svg xmlns:a="http://www.w3.org/2000/svg"/>')), /^<!--<svg--><a:svg/);
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('<svg><title>ü</title></svg>', 'utf16le')]);
    assert.equal(guardSvg(utf16).title, 'ü');
    assert.equal(guardSvg(Buffer.from('<?xml version="1.0" encoding="iso-8859-1"?><svg><title>ü</title></svg>', 'latin1')).title, 'ü');
  });

  test('titles: entities decoded, white space folded, 200 characters at most', () => {
    assert.equal(guardSvg(wrap('<title>Fish &amp;\n  chips &#x2713; &#10003; <![CDATA[<b>]]></title>')).title, 'Fish & chips ✓ ✓ <b>');
    assert.equal([...guardSvg(wrap(`<title>${'🐟'.repeat(300)}</title>`)).title].length, 200);
    assert.equal(guardSvg(wrap('<titles>no</titles>')).title, '');
  });
});
