"""Checks what the memory does with vectors by chance: `python -m unittest memory_test`."""
import unittest
import numpy as np
import torch
import torch.nn.functional as F
from builtin import packed
from memory import EACH, MEANS, STEPS, Drawn, Table, means_by_concept, memories
from model import DIM

N = 600


class MemoryTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        # Pictures and names that 24 numbers make, with something in common.
        axes = torch.randn(24, DIM)
        self.pictures, self.names = [F.normalize(torch.randn(N, 24) @ axes + torch.randn(DIM), dim=1) for _ in range(2)]
        # A third of the concepts is drawn in one way, the others in two, the second of which nobody asks for here.
        self.other = F.normalize(torch.randn(N // 3 * 2, 24) @ axes, dim=1)
        two = len(self.other)
        self.groups = ((2, two), (1, N - two))
        self.means = torch.cat([self.pictures[:two], self.other, self.pictures[two:]])
        self.sizes = torch.full((len(self.means),), 3)
        self.tables = Table(self.means, 24), Table(self.names, 24)

    def memories(self, **options): return memories(*self.tables, self.sizes, self.groups, **options)

    def test_a_table_gives_its_vectors_back(self):
        for table, vectors in zip(self.tables, (self.means, self.names)):
            self.assertEqual(table.numbers.abs().max(), STEPS)
            self.assertTrue(torch.equal(table.numbers, table.numbers.round()))
            back = F.normalize(table.numbers @ table.basis + table.mean, dim=1)
            self.assertGreater(float((back * vectors).sum(1).mean()), .98)

    def test_a_concept_has_a_mean_for_each_way_of_drawing_it(self):
        # One that is drawn in two ways, of which each has seven pictures, and one that has a single picture.
        ways = F.normalize(torch.randn(2, DIM), dim=1)
        vectors = F.normalize(torch.cat([self.pictures[:1], ways.repeat(7, 1) + torch.randn(14, DIM) * .02]), dim=1)
        drawn = Drawn(vectors, torch.tensor([0] + [1] * 14))
        self.assertEqual(drawn.order.tolist(), [1, 0])
        (each, count), (one, single) = drawn.groups
        self.assertEqual((count, one, single), (1, 1, 1))
        self.assertTrue(2 <= each <= min(MEANS, -(-14 // EACH)))
        self.assertEqual(drawn.sizes.sum(), 15)
        for way in ways: self.assertGreater(float((drawn.means @ way).max()), .9)
        self.assertTrue(torch.allclose(drawn.means[-1], vectors[0], atol=1e-6))
        self.assertEqual(drawn.sizes[-1], 1)

    def test_means_of_a_group_stand_behind_each_other(self):
        vectors = torch.cat([self.pictures[:2], self.pictures[2:4].repeat(4, 1), self.pictures[4:6].repeat(4, 1)])
        drawn = Drawn(vectors, torch.tensor([0, 1] + [2] * 8 + [3] * 8))
        whole = means_by_concept(drawn.means, drawn.groups)
        for k, of in enumerate(drawn.order):
            own = self.pictures[of:of + 1] if of < 2 else self.pictures[2 * of - 2:2 * of]
            self.assertGreater(float(F.normalize(whole[k], dim=0) @ F.normalize(own.mean(0), dim=0)), .9)

    def test_a_picture_is_drawn_to_the_name_of_what_it_looks_like(self):
        remembers, _ = self.memories(sharpness=60., image_share=.3)
        seen = F.normalize(self.pictures + torch.randn(N, DIM) * .01, dim=1)
        out = remembers(seen)
        self.assertTrue(torch.allclose(out.norm(dim=1), torch.ones(N), atol=1e-5))
        before, after = (seen * self.names).sum(1), (out * self.names).sum(1)
        self.assertGreater(float((after - before).mean()), .1)
        # By this much, where nothing but the entry itself counts, whichever way of drawing it is.
        sharp, _ = self.memories(sharpness=1e4, image_share=.3)
        told = F.normalize(self.tables[1].numbers @ self.tables[1].basis + self.tables[1].mean, dim=1)
        for vectors, names in ((self.pictures, told), (self.other, told[:len(self.other)])):
            self.assertTrue(torch.allclose(sharp(vectors), F.normalize(.7 * vectors + .3 * names, dim=1), atol=1e-4))

    def test_a_mean_of_many_pictures_weighs_more(self):
        seen = F.normalize(self.pictures[:1] + self.pictures[N - 1:], dim=1)
        nearer = []
        for size in (1, 16):
            self.sizes[0] = size
            nearer.append(float((self.memories(sharpness=20., image_share=.3)[0](seen) * self.names[0]).sum()))
        self.assertGreater(nearer[1], nearer[0] + .01)

    def test_a_text_is_drawn_to_the_pictures_of_what_it_says(self):
        _, reminded = self.memories(sharpness=60., text_share=.2)
        moved = reminded(self.names) - self.names
        self.assertGreater(float((moved * self.pictures).sum(1).mean()), .1)
        # To those of all ways of drawing it.
        self.assertGreater(float((moved[:len(self.other)] * self.other).sum(1).mean()), .05)

    def test_nothing_changes_without_a_share(self):
        for memory in self.memories(image_share=0., text_share=0.): self.assertTrue(torch.allclose(memory(self.names), self.names, atol=1e-6))

    def test_two_numbers_are_one_byte(self):
        numbers = torch.randint(-STEPS, STEPS + 1, (N, 24))
        both = packed(numbers.float())
        self.assertEqual((both.dtype, both.shape), (np.uint8, (N, 12)))
        self.assertTrue(np.array_equal(np.concatenate([both & 15, both >> 4], 1).astype(int) - STEPS - 1, numbers.numpy()))


if __name__ == '__main__': unittest.main()
