import assert from 'node:assert/strict';
import { fuse } from '../../src/core/fusion';

suite('fusion', () => {
  test('what two rankings agree on comes first', () => {
    assert.deepEqual(fuse([{ ids: ['a', 'b', 'c'], weight: 1 }, { ids: ['c', 'd'], weight: 1 }]), ['c', 'a', 'b', 'd']);
  });
  test('an exact match beats whatever leads every other ranking', () => {
    const many = Array.from({ length: 300 }, (_, index) => `other${index}`);
    const exact = Array.from({ length: 50 }, (_, index) => `exact${index}`);
    const order = fuse([{ ids: many, weight: 1 }, { ids: many, weight: 1 }, { ids: many, weight: 0.5 }, { ids: exact, weight: 2.6, tied: true }]);
    assert.deepEqual(order.slice(0, 50), exact);
  });
  test('nothing gives nothing', () => assert.deepEqual(fuse([{ ids: [], weight: 1 }]), []));
});
