import assert from 'node:assert/strict';
import { surePlaces } from '../../src/core/label';
import { csvField, exportLabels } from '../../src/core/labelExport';
import { formatMarks, keptLabels, labelNeedle, markByHand, markByModel, markByTeam, normalizeLabels, parseMarks, type Mark } from '../../src/core/labelText';
import { formatTeamLabels, parseTeamLabels, type TeamLabels } from '../../src/core/teamLabels';
import { AssetSearchError } from '../../src/errors';

const awkward = ["it's", 'a|b', 'a=b', '!not', '100%', 'x~y', '%7C', 'größe 日本 😀', '"quoted", with comma', '=SUM(A1)'];

suite('kept labels', () => {
  test('any label comes back from its text, in one order', () => {
    const marks: Mark[] = awkward.flatMap((label, index): Mark[] => [{ label, ...(index % 2 === 1 && { probability: (50 + index) / 100, model: 'a|b~c@1' }), ...(index % 3 === 0 && { team: true as const }) }]);
    const text = formatMarks([...marks, { label: 'gone', removed: true }]);
    assert.equal(formatMarks(parseMarks(text).reverse()), text);
    assert.deepEqual(new Map(keptLabels(text).map(each => [each.label, each])), new Map(marks.map(({ team: _, ...mark }) => [mark.label, mark])));
    for (const label of awkward) { assert.equal(text.split(labelNeedle(label)).length, 2, label); }
    for (const label of ['a', 'b', 'not', 'gone', '7C', 'it']) { assert.ok(!text.includes(labelNeedle(label)), label); }
    assert.deepEqual([formatMarks([]), parseMarks('')], ['', []]);
  });

  test('labels are written one way', () => {
    assert.deepEqual(normalizeLabels([' cat ', 'cat', 'e\u0301', '\u00e9', 'two\n  words\0', '', '  ']), ['cat', 'é', 'two words']);
  });

  test('softmax keeps the one label that is by far the most probable, sigmoid each that is probable', () => {
    assert.deepEqual(surePlaces([0.1, 0.85, 0.05], 'softmax'), [1]);
    assert.deepEqual(surePlaces([0.6, 0.4], 'softmax'), []);
    assert.deepEqual(surePlaces([0.9, 0.1, 0.5], 'sigmoid'), [0, 2]);
  });

  test('a model changes only what a model said of the same words; a person is never overruled', () => {
    const old: Mark[] = [{ label: 'cat', probability: 0.6, model: 'm@1' }, { label: 'red', probability: 0.9, model: 'm@1' }, { label: 'dog' }, { label: 'bird', removed: true }];
    const marks = markByModel(old, new Set(['cat', 'dog', 'bird', 'fish']), [{ label: 'dog', probability: 0.7 }, { label: 'bird', probability: 0.8 }, { label: 'fish', probability: 0.9 }], 'm@2');
    assert.equal(formatMarks(marks), formatMarks([{ label: 'red', probability: 0.9, model: 'm@1' }, { label: 'dog' }, { label: 'bird', removed: true }, { label: 'fish', probability: 0.9, model: 'm@2' }]));
  });

  test('a person sets and takes away; taking away what is not there leaves nothing', () => {
    const set = markByHand([{ label: 'cat', probability: 0.6, model: 'm@1' }], ['cat', 'dog'], []);
    assert.equal(formatMarks(set), formatMarks([{ label: 'cat' }, { label: 'dog' }]));
    assert.equal(formatMarks(markByHand(set, [], ['dog', 'never'])), formatMarks([{ label: 'cat' }, { label: 'dog', removed: true }]));
  });

  test('the team’s word goes over the model’s and under one’s own, and goes when the file drops it', () => {
    const old: Mark[] = [{ label: 'cat', probability: 0.6, model: 'm@1' }, { label: 'own', removed: true }, { label: 'agreed' }, { label: 'before', team: true }];
    const said: Mark[] = [{ label: 'cat' }, { label: 'own' }, { label: 'agreed' }, { label: 'new', probability: 0.8, model: 'm@2' }];
    const mine: Mark[] = [{ label: 'cat', team: true }, { label: 'own', removed: true }, { label: 'agreed', team: true }, { label: 'new', probability: 0.8, model: 'm@2', team: true }];
    assert.equal(formatMarks(markByTeam(old, said, true)), formatMarks(mine));
    assert.equal(formatMarks(markByTeam(old, said, false)), formatMarks([...mine, { label: 'before', team: true }]), 'nothing goes while a file cannot be read');
    assert.equal(formatMarks(markByTeam(mine, said, true)), formatMarks(mine), 'reading twice changes nothing');
  });
});

suite('team labels', () => {
  const labels: TeamLabels = new Map([
    ['z.png', new Map([[0, [{ label: 'b' }, { label: 'a' }, { label: 'c', removed: true as const }]]])],
    ['icons/ünï "q".svg', new Map([[0, awkward.map((label): Mark => ({ label, probability: 0.75, model: 'builtin@1' }))]])],
    ['sheet.png', new Map<number, Mark[]>([[12, [{ label: 'coin' }]], [2, [{ label: 'tree', probability: 0.5, model: 'm@1' }]]])],
  ]);
  const text = formatTeamLabels(labels);

  test('the file round-trips and is the same whatever the order was', () => {
    assert.equal(formatTeamLabels(parseTeamLabels(text, 'f')), text);
    assert.equal(formatTeamLabels(new Map([...labels].reverse().map(([path, parts]) => [path, new Map([...parts].reverse().map(([part, marks]) => [part, [...marks].reverse()]))]))), text);
    assert.deepEqual(Object.keys((JSON.parse(text) as { images: object }).images), ['icons/ünï "q".svg', 'sheet.png', 'z.png']);
    assert.equal(formatTeamLabels(new Map()), '{\n  "version": 1,\n  "images": {}\n}\n');
  });

  test('one more label changes one line', () => {
    const more = formatTeamLabels(new Map([...labels, ['z.png', new Map([[0, [...labels.get('z.png')!.get(0)!, { label: 'aa' }]]])]]));
    const lines = new Set(text.split('\n'));
    assert.equal(more.split('\n').filter(line => !lines.has(line)).length, 1);
  });

  test('a file that is wrong is told, with its place', () => {
    const wrong = [
      '', '{', '[]', '{"version":1}', '{"version":1,"images":[]}', '{"version":2,"images":{}}', '<<<<<<< HEAD\n{', '{"version":1,"images":{"/etc/passwd":{}}}', '{"version":1,"images":{"../up.png":{}}}',
      '{"version":1,"images":{"a\\\\b.png":{}}}', '{"version":1,"images":{"a.png":["cat"]}}', '{"version":1,"images":{"a.png":{"hand":"cat"}}}', '{"version":1,"images":{"a.png":{"model":{"m":{"cat":2}}}}}',
      '{"version":1,"images":{"a.png":{"parts":{"0":{}}}}}', '{"version":1,"images":{"a.png":{"parts":[]}}}',
    ];
    for (const each of wrong) { assert.throws(() => parseTeamLabels(each, 'f'), (error: unknown) => error instanceof AssetSearchError && error.code === 'labelFileInvalid', each); }
    assert.equal(parseTeamLabels('\uFEFF{"$schema":"x","version":1,"images":{"a.png":{}}}', 'f').get('a.png')!.size, 0);
  });
});

suite('label export', () => {
  const assets = [
    { root: 'r', path: 'b, "c".png', part: 0, labels: [{ label: '=SUM(A1)', probability: 0.75, model: 'm@1' }, { label: 'cat' }] },
    { root: 'r', path: '-a.png', part: 3, labels: [{ label: 'line\nbreak', probability: 0.5, model: 'm@1' }] },
  ];

  test('CSV is quoted by RFC 4180, and no field is a formula', () => {
    assert.equal(exportLabels(assets, 'csv').text, [
      'root,path,part,label,probability,model', `r,'-a.png,3,"line\nbreak",0.5,m@1`, `r,"b, ""c"".png",,'=SUM(A1),0.75,m@1`, 'r,"b, ""c"".png",,cat,,by hand', '',
    ].join('\r\n'));
    assert.deepEqual(['+1', '-1', '@x', '\tx', 'a=b', 'plain'].map(csvField), ["'+1", "'-1", "'@x", "'\tx", 'a=b', 'plain']);
    assert.equal(csvField(-1), '-1', 'numbers are numbers');
  });

  test('JSON holds the same rows, unchanged', () => {
    const { text, rows } = exportLabels(assets, 'json');
    assert.equal(rows, 3);
    assert.deepEqual((JSON.parse(text) as object[])[1], { root: 'r', path: 'b, "c".png', label: '=SUM(A1)', probability: 0.75, model: 'm@1' });
    assert.deepEqual(JSON.parse(exportLabels([], 'json').text), []);
  });
});
