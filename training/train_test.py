"""`python -m unittest train_test`: what a batch of the training holds, on a handful of made-up drawings. Needs torch, and nothing of `.cache/`."""
import argparse, json, os, pickle, queue, tempfile, unittest
import numpy as np
import torch
import model
import train
from words import Said

THINGS = 'file user folder heart star cloud lock bell chart music photo mail'.split()


def cache(folder):
    """A `.cache/` of twelve things, "search", and each thing with "search" after it, drawn by one large set and one small; the small one lacks the composites."""
    names = [*THINGS, 'search', *(f'{thing} search' for thing in THINGS), *(f'other {k}' for k in range(100))]
    texts = [*names, 'find', 'join', 'tools']
    at = {text: k for k, text in enumerate(texts)}
    def concept(name):
        tags, said = ([at['find'], at['join']], [5, 1]) if 'search' in name else ([], [])
        return dict(names=[(at[name], 4)], tags=tags, said=said, syn=[at[name.split(' ')[0]]] if ' search' in name else [], cats=[at['tools']], agreed=[3], sentences=[], trans={'nl': [at[name]]} if name in THINGS else {})
    records, pictures = [], []
    for name in names:
        for hand in ('large', 'small') if ' ' not in name else ('large',):
            pictures.append((len(records), at[name]))
            records.append(dict(set=hand, name=name, kind='icon', colour=False, at=len(records)))
    rng = np.random.default_rng(1)
    with open(os.path.join(folder, 'records.jsonl'), 'w') as f: f.writelines(json.dumps(r) + '\n' for r in records)
    rng.integers(0, 256, (len(records), train.SIZE, train.SIZE), dtype=np.uint8).tofile(os.path.join(folder, 'alpha.bin'))
    open(os.path.join(folder, 'rgba.bin'), 'w').close()
    with open(os.path.join(folder, 'words.pkl'), 'wb') as f:
        pickle.dump(dict(concepts=[concept(n) for n in names], texts=texts, tokens=[[2 + k] for k in range(len(texts))], templates=[([1], [])] * 6, colours=[[500 + k] for k in range(12)],
            styles=[[[600]], [[601]]], joins=[[602]], languages={'nl': 1}, pictures=pictures, meanings=list(range(len(names))), keys=names, emoji=[]), f)
    return at


class TrainTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.at = cache(cls.folder.name)
        train.CACHE = cls.folder.name
        cls.data = train.Data()
        cls.data.gather()
        cls.rng = np.random.default_rng(1)

    def topic(self, text, *names):
        """What topics_of() says of one topic about concepts."""
        rows = np.array([self.at[n] for n in names])
        tokens, has, _ = self.data.topics_of(rows, 40, self.rng)
        return next((column.tolist() for said, column in zip(tokens, has.T) if said[-1] == 2 + self.at[text] and len(said) < 3), None)

    def test_the_plain_thing_has_the_topic_its_composites_share(self):
        self.assertEqual(self.topic('search', 'search', 'file search', 'user search', 'bell'), [3, 1, 1, 0])

    def test_what_one_of_many_says_is_neither_true_nor_false(self):
        self.assertEqual(self.topic('find', 'search', 'file search', 'bell'), [1, 1, 0])
        self.assertIsNone(self.topic('join', 'search', 'file search', 'bell'))

    def test_look_alikes_of_a_set_are_its_own_and_every_concept_once(self):
        near = torch.nn.functional.normalize(torch.randn(len(self.data.concepts), 8), dim=1)
        hand = {self.data.records[i]['set']: code for (i, _), code in zip(self.data.pictures, self.data.hand)}
        self.assertEqual(list(self.data.sets), [hand['large']])
        anchor = int(np.flatnonzero(self.data.hand == hand['large'])[0])
        picks = self.data.look_alikes(anchor, 16, self.rng, near, True)
        self.assertEqual(len(picks), 16)
        self.assertEqual(set(self.data.hand[picks]), {hand['large']})
        self.assertEqual(len(set(self.data.concept[picks])), 16)
        # A set that is too small falls back on all.
        small = int(np.flatnonzero(self.data.hand == hand['small'])[0])
        self.assertGreater(len(self.data.look_alikes(small, 8, self.rng, near, True)), 1)

    def test_a_batch_says_what_is_true_of_its_pictures(self):
        args = argparse.Namespace(batch=64, groups=2, own=1, near=16, partners=8, colours=.6, extra=8, pairs=8)
        near = torch.nn.functional.normalize(torch.randn(len(self.data.concepts), 8), dim=1)
        batch, _ = train.make(self.data, args, np.empty(0, np.int64), near, train.SIZE, .2, self.rng)
        n = len(batch.pixels)
        self.assertEqual(n, 64)
        self.assertEqual(tuple(batch.positive.shape), (n, 2 * (n + 8)))
        self.assertTrue(batch.positive[torch.arange(n), torch.arange(n)].all() and batch.positive[torch.arange(n), batch.width + torch.arange(n)].all())
        self.assertFalse((batch.positive & batch.vague).any())
        self.assertEqual(len(batch.texts[1]), sum(batch.counts))
        self.assertTrue(batch.pixels.min() >= -1 and batch.pixels.max() <= 1)

    def test_a_worker_that_has_ended_is_an_error(self):
        outbox = queue.Queue()
        outbox.put('batch')
        ended = argparse.Namespace(is_alive=lambda: False)
        self.assertEqual(train.next_batch(outbox, ended, .01), 'batch')
        with self.assertRaises(RuntimeError): train.next_batch(outbox, ended, .01)

    def test_where_the_names_of_concepts_lie(self):
        def text(ids, mask): return torch.nn.functional.one_hot(ids[:, 0], 700).float()
        near = self.data.near(text)
        self.assertEqual(near.argmax(1).tolist(), [2 + k for k in range(len(self.data.concepts))])

    def test_texts_come_back_in_order(self):
        tokens = [[1] * n for n in (9, 1, 4, 1, 20, 2)]
        def length(ids, mask): return mask.sum(1, keepdim=True).float()
        self.assertEqual(train.encode_packs(length, *train.packs(tokens)).flatten().tolist(), [9, 1, 4, 1, 20, 2])


class MixTest(unittest.TestCase):
    def test_styles_are_mixed_in_training_alone(self):
        torch.manual_seed(1)
        x = torch.randn(16, 4, 8, 8) * torch.rand(16, 4, 1, 1) * 3
        self.assertTrue(torch.allclose(model.mixed_styles(x, 0), x, atol=1e-5))
        mixed = model.mixed_styles(x, 1)
        self.assertFalse(torch.allclose(mixed, x, atol=.1))
        # What is where stays: each channel is only scaled and moved.
        before, after = [(y - y.mean((2, 3), keepdim=True)) / y.std((2, 3), keepdim=True) for y in (x, mixed)]
        self.assertTrue(torch.allclose(before, after, atol=1e-3))
        tower, pixels = model.ImageTower(stem=4, widths=(4, 4, 8), depths=(1, 1, 1)).eval(), torch.randn(4, 3, 32, 32)
        plain = tower(pixels)
        tower.mix = 1.
        self.assertTrue(torch.equal(tower(pixels), plain))


class SaidTest(unittest.TestCase):
    def test_what_many_say_comes_first_and_sets_of_one_house_count_once(self):
        said = Said()
        for who in ('tabler', 'lucide', 'mdi'): said.add('delete', who)
        said.update(['junk', 'bx trash', 'trash2x', ''], 'streamline-flex')
        said.add('junk', 'streamline-ultimate')
        self.assertEqual(said.ranked(), [('delete', 3), ('junk', 1)])

    def test_what_one_of_twenty_says_is_left_out(self):
        said = Said()
        for k in range(20): said.add('delete', f'set{k}')
        said.add('binoculars', 'one')
        self.assertEqual(said.ranked(), [('delete', 20)])


if __name__ == '__main__': unittest.main()
