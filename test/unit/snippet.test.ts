/** What is inserted of an asset: languages × places × names that need escaping. `|` is the cursor. */
import assert from 'node:assert/strict';
import { dataUri, importStatement, markdownImage, snippetAt, unknownPlaceholders, type InsertRules, type SnippetAsset } from '../../src/host/snippet';

const rules: InsertRules = { publicFolders: ['public', 'static'], templates: {} };
const asset = (path: string, more: Partial<SnippetAsset> = {}): SnippetAsset => ({ folder: '/app', path, width: 24, height: 16, title: '', ...more });
const cart = asset('src/icons/shopping-cart.svg');

function snippet(languageId: string, file: string | undefined, marked: string, image = cart, more: Partial<InsertRules> = {}) {
  const at = marked.indexOf('|');
  const text = marked.slice(0, at) + marked.slice(at + 1);
  return snippetAt(image, { languageId, file: file && `/app/${file}`, text }, at, at, { ...rules, ...more });
}
const inserted = (...args: Parameters<typeof snippet>): string => snippet(...args).text;

suite('snippet', () => {
  /** Language, file, text around the cursor, what is inserted of src/icons/shopping-cart.svg. */
  const goldens: [string, string, string, string][] = [
    ['typescript', 'src/app.ts', '|', 'import shoppingCart from \'./icons/shopping-cart.svg\';'],
    ['typescript', 'src/app.ts', 'import a from "./a"\n|', 'import shoppingCart from "./icons/shopping-cart.svg"'],
    ['typescript', 'src/deep/er/app.ts', 'const a = {\n  b: 1,\n};\n|\n', 'import shoppingCart from \'../../icons/shopping-cart.svg\';'],
    ['typescript', 'src/app.ts', 'const cart = |;', '\'./icons/shopping-cart.svg\''],
    ['typescript', 'src/app.ts', 'f(\n  |', '\'./icons/shopping-cart.svg\''],
    ['typescript', 'src/app.ts', 'const cart = "|";', './icons/shopping-cart.svg'],
    ['typescript', 'src/app.ts', 'const cart = `${a ? \'b\' : `c`}|`;', './icons/shopping-cart.svg'],
    ['typescript', 'src/app.ts', 'const cart = `${|}`;', '\'./icons/shopping-cart.svg\''],
    ['typescript', 'src/app.ts', '// it\'s like |', './icons/shopping-cart.svg'],
    ['typescript', 'src/app.ts', 'const shoppingCart = 1;\n|', 'import shoppingCartImage from \'./icons/shopping-cart.svg\';'],
    ['typescriptreact', 'src/app.tsx', 'const a: Array<string> = |', '\'./icons/shopping-cart.svg\''],
    ['typescriptreact', 'src/app.tsx', 'const A = () => <b>x</b>\n|', 'import shoppingCart from \'./icons/shopping-cart.svg\';'],
    ['typescriptreact', 'src/app.tsx', 'const A = () => <b title="|">x</b>', './icons/shopping-cart.svg'],
    ['typescriptreact', 'src/app.tsx', 'const A = () => <img src=| />', '"./icons/shopping-cart.svg"'],
    ['vue', 'src/App.vue', '<template>\n  <p>\n    |', '<img src="./icons/shopping-cart.svg" alt="shopping cart" width="24" height="16" />'],
    ['vue', 'src/App.vue', '<template><p :title="a > b ? \'c\' : d">|', '<img src="./icons/shopping-cart.svg" alt="shopping cart" width="24" height="16" />'],
    ['vue', 'src/App.vue', '<template><img src="|">', './icons/shopping-cart.svg'],
    ['vue', 'src/App.vue', '<script setup lang="ts">\n|\n</script>', 'import shoppingCart from \'./icons/shopping-cart.svg\';'],
    ['vue', 'src/App.vue', '<script>\n</script>\n<style scoped lang="scss">\na { background: |', 'url("./icons/shopping-cart.svg")'],
    ['svelte', 'src/App.svelte', '<script>let a;</script>\n|', '<img src="./icons/shopping-cart.svg" alt="shopping cart" width="24" height="16" />'],
    ['html', 'index.html', '<body>|', '<img src="./src/icons/shopping-cart.svg" alt="shopping cart" width="24" height="16" />'],
    ['html', 'index.html', '<body><img |>', 'src="./src/icons/shopping-cart.svg"'],
    ['html', 'index.html', '<body><img src=|>', '"./src/icons/shopping-cart.svg"'],
    ['html', 'index.html', '<script>\n|\n</script>', '\'./src/icons/shopping-cart.svg\''],
    ['css', 'src/css/app.css', 'a { background: |; }', 'url("../icons/shopping-cart.svg")'],
    ['less', 'src/css/app.less', 'a { background: url(|); }', '../icons/shopping-cart.svg'],
    ['scss', 'src/css/app.scss', '/* it\'s */ a { background: url("|"); }', '../icons/shopping-cart.svg'],
    ['markdown', 'README.md', 'A cart, it\'s here:\n\n|', '![shopping cart](./src/icons/shopping-cart.svg)'],
    ['markdown', 'README.md', '![alt](|)', './src/icons/shopping-cart.svg'],
    ['markdown', 'README.md', 'a <img src="|">', './src/icons/shopping-cart.svg'],
    ['markdown', 'README.md', 'a <b without end\n\n|', '![shopping cart](./src/icons/shopping-cart.svg)'],
    ['python', 'src/app.py', 'cart = |', '"./icons/shopping-cart.svg"'],
    ['python', 'src/app.py', '# it\'s\ncart = r\'|\'', './icons/shopping-cart.svg'],
    ['python', 'src/app.py', '"""it\'s "here" |"""', './icons/shopping-cart.svg'],
    ['csharp', 'src/App.cs', 'var cart = |;', '"./icons/shopping-cart.svg"'],
    ['kotlin', 'src/App.kt', 'val cart = |', '"./icons/shopping-cart.svg"'],
    ['json', 'package.json', '{ "icon": | }', '"./src/icons/shopping-cart.svg"'],
    ['json', 'package.json', '{ "icon": "|" }', './src/icons/shopping-cart.svg'],
    ['yaml', 'a.yml', 'what: it\'s\nicon: |', '"./src/icons/shopping-cart.svg"'],
    ['xml', 'a.xml', '<a icon="|">', './src/icons/shopping-cart.svg'],
    ['xml', 'a.xml', '<icon>|</icon>', './src/icons/shopping-cart.svg'],
    ['latex', 'a.tex', '|', '\\includegraphics{./src/icons/shopping-cart.svg}'],
    ['latex', 'a.tex', '\\includegraphics[width=1cm]{|}', './src/icons/shopping-cart.svg'],
    ['plaintext', 'a.txt', 'It\'s |', './src/icons/shopping-cart.svg'],
    ['some-language', 'a.txt', '|', './src/icons/shopping-cart.svg'],
  ];
  for (const [language, file, text, expected] of goldens) {
    test(`${language}: ${text.replaceAll('\n', '⏎')}`, () => assert.equal(inserted(language, file, text), expected));
  }

  test('without a file, or from another drive, the path counts from the workspace folder', () => {
    assert.equal(inserted('python', undefined, '|'), '"src/icons/shopping-cart.svg"');
    assert.equal(inserted('typescript', undefined, '|'), 'import shoppingCart from \'./src/icons/shopping-cart.svg\';');
    const windows = { ...cart, folder: 'C:\\work' };
    const at = (file: string) => snippetAt(windows, { languageId: 'markdown', file, text: '' }, 0, 0, rules).text;
    assert.equal(at('c:\\work\\docs\\a.md'), '![shopping cart](../src/icons/shopping-cart.svg)');
    assert.equal(at('D:\\other\\a.md'), '![shopping cart](src/icons/shopping-cart.svg)');
  });

  suite('JSX', () => {
    const component = (inside: string) => `import React from 'react';\n\nexport function Cart() {\n  return (\n    ${inside}\n  );\n}\n`;

    test('an element comes with the import that it needs', () => {
      const text = component('<div onClick={() => go("a")}>Don\'t {name} |</div>');
      const { text: element, addition } = snippet('typescriptreact', 'src/Cart.tsx', text);
      assert.equal(element, '<img src={shoppingCart} alt="shopping cart" width={24} height={16} />');
      assert.deepEqual(addition, { offset: 'import React from \'react\';'.length, text: '\nimport shoppingCart from \'./icons/shopping-cart.svg\';' });
    });

    test('an import that is there is used', () => {
      const text = `import basket from './icons/shopping-cart.svg';\n${component('|')}`;
      assert.deepEqual(snippet('javascript', 'src/Cart.js', text), { text: '<img src={basket} alt="shopping cart" width={24} height={16} />', separator: '\n' });
    });

    test('the first import comes below what has to be first', () => {
      assert.deepEqual(snippet('typescriptreact', 'src/Cart.tsx', '\'use client\';\nconst A = () => (|);').addition,
        { offset: '\'use client\';\n'.length, text: 'import shoppingCart from \'./icons/shopping-cart.svg\';\n\n' });
    });

    test('a file of a public folder needs none', () => {
      assert.deepEqual(snippet('typescriptreact', 'src/Cart.tsx', component('<p>|</p>'), asset('public/a b.png')),
        { text: '<img src="/a%20b.png" alt="a b" width={24} height={16} />', separator: '\n' });
    });
  });

  suite('public folders', () => {
    const logo = asset('apps/web/public/img/logo.png');
    test('are the root of what a web project refers to', () => {
      assert.equal(inserted('css', 'apps/web/src/a.css', '|', logo), 'url("/img/logo.png")');
      assert.equal(inserted('html', 'apps/web/index.html', '<img src="|">', logo), '/img/logo.png');
      assert.equal(inserted('typescript', 'apps/web/src/a.ts', '|', logo), 'const logo = \'/img/logo.png\';');
    });
    test('are folders as any other to other projects, to files inside them and to other languages', () => {
      assert.equal(inserted('css', 'apps/shop/a.css', '|', logo), 'url("../web/public/img/logo.png")');
      assert.equal(inserted('css', 'apps/web/public/css/a.css', '|', logo), 'url("../img/logo.png")');
      assert.equal(inserted('markdown', 'apps/web/README.md', '|', logo), '![logo](./public/img/logo.png)');
      assert.equal(inserted('python', 'apps/web/a.py', '|', logo), '"./public/img/logo.png"');
    });
    test('are named by the setting', () => assert.equal(inserted('css', 'a.css', '|', asset('www/a.png'), { publicFolders: ['www'] }), 'url("/a.png")'));
  });

  suite('names that need escaping', () => {
    const odd = asset('img/It\'s "50%" (a) [b] #1? & ü.png', { title: '' });
    const uri = './img/It%27s%20%2250%25%22%20%28a%29%20%5Bb%5D%20%231%3F%20&%20%C3%BC.png';
    test('in addresses', () => {
      assert.equal(inserted('css', 'a.css', '|', odd), `url("${uri}")`);
      assert.equal(inserted('css', 'a.css', 'a { background: url(|)', odd), uri);
      assert.equal(inserted('markdown', 'a.md', '|', odd), `![it s 50 a b 1 ü](${uri})`);
      assert.equal(inserted('html', 'a.html', '|', odd), `<img src="${uri.replace('&', '&amp;')}" alt="it s 50 a b 1 ü" width="24" height="16" />`);
      assert.equal(decodeURIComponent(uri), `./${odd.path}`);
    });
    test('in strings', () => {
      assert.equal(inserted('typescript', 'a.ts', '|', odd), 'import itS50AB1Ü from \'./img/It\\\'s "50%" (a) [b] #1? & ü.png\';');
      assert.equal(inserted('typescript', 'a.ts', 'a = "|"', odd), './img/It\'s \\"50%\\" (a) [b] #1? & ü.png');
      assert.equal(inserted('json', 'a.json', '|', odd), JSON.stringify(`./${odd.path}`));
      assert.equal(inserted('typescript', 'a.ts', 'a = `|`', asset('${a}`b.png')), './\\${a}\\`b.png');
      assert.equal(inserted('kotlin', 'a.kt', '|', asset('$a.png')), '"./\\$a.png"');
      assert.equal(inserted('typescript', 'a.ts', 'a = \'|\'', asset('a\\b.png')), './a\\\\b.png');
    });
    test('in markup that is not the web\'s', () => {
      assert.equal(inserted('xml', 'a.xml', '<a b="|"/>', odd), './img/It&#39;s &quot;50%&quot; (a) [b] #1? &amp; ü.png');
      assert.equal(inserted('latex', 'a.tex', '|', asset('a#1_50%.png')), '\\includegraphics{./a\\#1_50\\%.png}');
    });
    test('titles', () => {
      const titled = asset('a.svg', { title: 'A "big" <cart>\n & [more]' });
      assert.match(inserted('html', 'a.html', '|', titled), / alt="A &quot;big&quot; &lt;cart&gt; &amp; \[more\]" /);
      assert.equal(inserted('markdown', 'a.md', '|', titled), '![A "big" \\<cart> & \\[more\\]](./a.svg)');
    });
    test('identifiers', () => {
      const name = (path: string) => /^import (\S+) /.exec(inserted('typescript', 'a.ts', '|', asset(path)))?.[1];
      assert.deepEqual(['URLIcon.svg', '24-cart@2x.png', 'default.png', '…!.png', 'été_icône.png', '購物車.png', 'x.min.svg', '.png', 'a²b.png'].map(name),
        ['urlIcon', 'image24Cart2x', 'defaultImage', 'image', 'étéIcône', '購物車', 'xMin', 'png', 'ab']);
    });
  });

  suite('own ways of languages', () => {
    test('Flutter counts from its package', () => {
      assert.equal(inserted('dart', 'app/lib/src/main.dart', 'Image.asset(|)', asset('app/assets/$a.png')), '\'assets/\\$a.png\'');
    });
    test('Android and the JVM name resources', () => {
      const icon = asset('app/src/main/res/drawable-hdpi/ic_cart.9.png');
      assert.equal(inserted('kotlin', 'app/src/main/java/A.kt', 'setImage(|)', icon), 'R.drawable.ic_cart');
      assert.equal(inserted('xml', 'app/src/main/res/layout/a.xml', '<ImageView android:src="|"', icon), '@drawable/ic_cart');
      assert.equal(inserted('java', 'src/main/java/A.java', 'getResource(|)', asset('src/main/resources/img/a.png')), '"/img/a.png"');
    });
    test('a sprite is shown by its place in the sheet', () => {
      const sprite = asset('sheet.png', { cell: { x: 16, y: 0, width: 16, height: 16, name: 'cartFull' } });
      assert.equal(inserted('css', 'a.css', 'a { background: |', sprite), 'url("./sheet.png") -16px 0px no-repeat');
      assert.equal(inserted('css', 'a.css', 'a { background-image: |', sprite), 'url("./sheet.png")');
      assert.equal(inserted('markdown', 'a.md', '|', sprite), '![cart full](./sheet.png)');
    });
  });

  suite('templates', () => {
    const using = (languageId: string, template: string, text = '|', image = cart) => inserted(languageId, 'a.x', text, image, { templates: { [languageId]: template } });
    test('fill in every placeholder, escaped for where it stands', () => {
      assert.equal(using('vue', '<Icon name="${name}" src="${path}" :w="${width}" :h="${height}" t="${alt}" />'),
        '<Icon name="shopping-cart" src="./src/icons/shopping-cart.svg" :w="24" :h="16" t="shopping cart" />');
      const odd = asset('it\'s & #1.png', { title: 'a "b"' });
      assert.equal(using('dart', 'Image.asset(\'${path}\', semanticLabel: \'${alt}\')', '|', odd), 'Image.asset(\'it\\\'s & #1.png\', semanticLabel: \'a "b"\')');
      assert.equal(using('typescriptreact', '<Image src="${path}" alt="${alt}" />', 'x = |', odd), '<Image src="./it%27s%20&amp;%20%231.png" alt="a &quot;b&quot;" />');
      assert.equal(using('typescript', 'const ${identifier}${width} = url(\'${path}\')', '|', odd), 'const itS124 = url(\'./it\\\'s & #1.png\')');
    });
    test('give way inside quotes', () => assert.equal(using('typescript', 'load("${path}")', 'a = "|"'), './src/icons/shopping-cart.svg'));
    test('of a page are not those of its styles', () => {
      assert.equal(inserted('vue', 'a.vue', '<style>a { background: |', cart, { templates: { vue: '<Icon />', css: 'image("${path}")' } }), 'image("./src/icons/shopping-cart.svg")');
    });
    test('are used for languages that nobody knows', () => assert.equal(using('my-language', 'img ${path}'), 'img ./src/icons/shopping-cart.svg'));
    test('tell of placeholders that mean nothing, and keep them', () => {
      assert.deepEqual(unknownPlaceholders('${path} ${file} ${Alt} ${file} $x {y} ${}'), ['file', 'Alt', '']);
      assert.equal(using('ruby', 'img ${path} ${file}'), 'img ./src/icons/shopping-cart.svg ${file}');
    });
  });

  test('several are joined by lines where each is a statement or an element', () => {
    assert.equal(snippet('html', 'a.html', '|').separator, '\n');
    assert.equal(snippet('typescript', 'a.ts', '[|]').separator, ', ');
  });

  test('copies as import and as Markdown do not ask where the cursor is', () => {
    assert.equal(importStatement(asset('public/a.png'), { languageId: 'css', file: '/app/src/a.css', text: '' }), 'import a from \'../public/a.png\';');
    assert.equal(markdownImage(asset('a (1).png'), '/app/docs/a.md'), '![a 1](../a%20%281%29.png)');
    assert.equal(markdownImage(cart, undefined), '![shopping cart](src/icons/shopping-cart.svg)');
  });

  test('data URIs can be decoded again', () => {
    const source = '<svg xmlns="http://www.w3.org/2000/svg"><title>100% &amp; "ü" #1</title></svg>';
    const svg = dataUri(Buffer.from(`\ufeff${source}\n`), 'a.SVG');
    assert.match(svg, /^data:image\/svg\+xml,[^"'<>#&]*$/);
    assert.equal(decodeURIComponent(svg.slice(svg.indexOf(',') + 1)), source);
    assert.match(dataUri(Buffer.from(source, 'utf16le').subarray(0, 3), 'a.svg'), /^data:image\/svg\+xml[;,]/);
    assert.equal(dataUri(Uint8Array.from([0xff, 0xfe]), 'a.svg'), 'data:image/svg+xml;base64,//4=');
    assert.equal(dataUri(Uint8Array.from([1, 2, 3]), 'a.jpeg'), 'data:image/jpeg;base64,AQID');
  });
});
