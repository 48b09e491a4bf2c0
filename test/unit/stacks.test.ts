/** Which hits count as the same drawing. */
import assert from 'node:assert/strict';
import { drawingName, stacksOf } from '../../src/core/stacks';
import type { Asset } from '../../src/protocol';

const hit = (path: string, vector: number[], more: Partial<Asset> = {}) => ({
  asset: { root: 'r', path, part: 0, hash: path, format: 'png', width: 24, height: 24, sizeBytes: 1, title: '', ...more },
  vector: Float32Array.from(vector.map(value => value / Math.hypot(...vector))),
});
/** A unit vector at this cosine to [1, 0, 0]. */
const at = (cosine: number): number[] => [cosine, Math.sqrt(1 - cosine * cosine), 0];

suite('stacks', () => {
  test('the name without what tells variants apart', () => {
    for (const path of ['cart.svg', 'a/cart@2x.png', 'cart-24.png', 'cart_48x48.png', 'ic_cart_white_48dp.png', 'cart-dark.svg', 'cart_hover.png', 'Cart copy.png', 'cart.png.webp', 'cart-icon.svg']) {
      assert.equal(drawingName(path), 'cart', path);
    }
    assert.equal(drawingName('icon-16.png'), 'icon');
    assert.equal(drawingName('battery-20-charging.svg'), 'battery 20 charging');
    assert.equal(drawingName('dice-3.svg'), 'dice 3');
    assert.equal(drawingName('heart-filled.svg'), 'heart filled');
    assert.equal(drawingName('1f469-1f3fe.svg'), '');
    assert.equal(drawingName('購物車.svg'), '購物車');
  });

  test('sizes, copies and formats join the best of them', () => {
    const hits = [hit('cart.svg', at(1)), hit('house.svg', at(0.2)), hit('png/cart@2x.png', at(0.96)), hit('other/name.svg', at(0.5), { hash: 'same' }), hit('other/copy-of-it.svg', at(0.5), { hash: 'same' }), hit('trolley.webp', at(0.999))];
    assert.deepEqual(stacksOf(hits), [0, 1, 0, 3, 3, 0]);
  });

  test('names alone, pictures alone, and another shape do not', () => {
    assert.deepEqual(stacksOf([hit('cart.svg', at(1)), hit('old/cart.svg', at(0.8))]), [0, 1], 'the same name');
    assert.deepEqual(stacksOf([hit('lock.svg', at(1)), hit('lock-open.svg', at(0.98))]), [0, 1], 'a picture that is like it');
    assert.deepEqual(stacksOf([hit('acme.svg', at(1)), hit('acme@2x.png', at(0.99), { width: 240 })]), [0, 1], 'a banner');
    assert.deepEqual(stacksOf([hit('1f600-16.png', at(1)), hit('1f601-16.png', at(0.96))]), [0, 1], 'codes are no names');
  });
});
