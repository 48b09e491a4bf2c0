import assert from 'node:assert/strict';
import { queryOfSelection } from '../../src/host/names';

suite('what a selection asks for', () => {
  const goldens: [string, string][] = [
    ['icShoppingCart', 'shopping cart'],
    ['<ShoppingCartIcon', 'shopping cart'],
    ['ic_shopping_cart_24px', 'shopping cart 24px'],
    ['\'../icons/shopping-cart.svg\'', 'shopping cart'],
    ['@drawable/ic_cart', 'cart'],
    ['HTTPServer2Icon', 'http server2'],
    ['icon', 'icon'],
    ['a red arrow,\n  pointing left ', 'a red arrow, pointing left'],
    ['購物車', '購物車'],
    ['?!', '?!'],
    ['', ''],
  ];
  for (const [text, query] of goldens) { test(JSON.stringify(text), () => assert.equal(queryOfSelection(text), query)); }

  test('a long selection is cut', () => assert.ok(queryOfSelection('word '.repeat(1000)).length <= 200));
});
