import assert from 'node:assert/strict';
import { indexWords, queryWords, searchTerms, splitWords, stemOf } from '../../src/core/words';

suite('words', () => {
  const goldens: [string, string[]][] = [
    ['shoppingCart', ['shopping', 'cart']],
    ['HTMLParser_v2', ['html', 'parser', 'v', '2']],
    ['arrow-left_16px', ['arrow', 'left', '16', 'px']],
    ['Überraschung Café', ['uberraschung', 'cafe']],
    ['Straße', ['strasse']],
    ['购物车 icon', ['购物车', 'icon']],
    ['がぎ', ['がぎ']],
    ['한국어', ['한국어']],
    ['हिन्दी', ['हिन्दी']],
    ["it's \"quoted\" (a|b) AND NOT *", ['it', 's', 'quoted', 'a', 'b', 'and', 'not']],
    ['🛒', ['shopping', 'cart']],
    ['🛒 empty', ['shopping', 'cart', 'empty']],
    ['red❤️key🔑', ['red', 'red', 'heart', 'key', 'key']],
    ['👍🏽 👩🏿‍🚀', ['thumbs', 'up', 'woman', 'astronaut']],
    ['🇳🇱 1️⃣', ['flag', 'netherlands', 'keycap', '1']],
    ['☃ ☃︎', ['snowman', 'snowman']],
    ['1 # *', ['1']],
    ['', []],
    ['…—', []],
  ];
  for (const [text, words] of goldens) {
    test(`splits ${JSON.stringify(text)}`, () => assert.deepEqual(splitWords(text), words));
  }

  test('a stem is the file name without folder and extension', () => {
    assert.equal(stemOf('a/b/ShoppingCart.min.svg'), 'shopping cart min');
    assert.equal(stemOf('.hidden'), 'hidden');
    assert.equal(stemOf('noExtension'), 'no extension');
  });

  test('index words hold name, folders and title, each once and without the extension', () => {
    assert.equal(indexWords('icons/cart/shopping-cart.svg', 'A Cart full'), 'shopping cart icons a full');
  });

  test('two neighbours of an unsegmented run are terms', () => {
    assert.deepEqual(searchTerms(['购物车', 'x']), ['购物车', '购物', '物车', 'x']);
    assert.ok(indexWords('购物车图标.png', '').split(' ').includes(searchTerms(queryWords('物车'))[0]!));
  });

  test('a query of 5,000 characters is cut', () => {
    assert.equal(queryWords('word '.repeat(1000)).length, 24);
  });
});
