"""Checks what the memory does with vectors by chance: `python -m unittest memory_test`."""
import unittest
import numpy as np
import torch
import torch.nn.functional as F
from builtin import packed
from memory import STEPS, Table, memories
from model import DIM

N = 600


class MemoryTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(1)
        # Pictures and names that 24 numbers make, with something in common.
        axes = torch.randn(24, DIM)
        self.pictures, self.names = [F.normalize(torch.randn(N, 24) @ axes + torch.randn(DIM), dim=1) for _ in range(2)]
        self.tables = Table(self.pictures, 24), Table(self.names, 24)

    def test_a_table_gives_its_vectors_back(self):
        for table, vectors in zip(self.tables, (self.pictures, self.names)):
            self.assertEqual(table.numbers.abs().max(), STEPS)
            self.assertTrue(torch.equal(table.numbers, table.numbers.round()))
            back = F.normalize(table.numbers @ table.basis + table.mean, dim=1)
            self.assertGreater(float((back * vectors).sum(1).mean()), .985)

    def test_a_picture_is_drawn_to_the_name_of_what_it_looks_like(self):
        remembers, _ = memories(*self.tables, sharpness=60., image_share=.3)
        seen = F.normalize(self.pictures + torch.randn(N, DIM) * .01, dim=1)
        out = remembers(seen)
        self.assertTrue(torch.allclose(out.norm(dim=1), torch.ones(N), atol=1e-5))
        before, after = (seen * self.names).sum(1), (out * self.names).sum(1)
        self.assertGreater(float((after - before).mean()), .1)
        # By this much, where nothing but the entry itself counts.
        sharp, _ = memories(*self.tables, sharpness=1e4, image_share=.3)
        expected = F.normalize(.7 * self.pictures + .3 * F.normalize(self.tables[1].numbers @ self.tables[1].basis + self.tables[1].mean, dim=1), dim=1)
        self.assertTrue(torch.allclose(sharp(self.pictures), expected, atol=1e-4))

    def test_a_text_is_drawn_to_the_pictures_of_what_it_says(self):
        _, reminded = memories(*self.tables, sharpness=60., text_share=.2)
        self.assertGreater(float(((reminded(self.names) - self.names) * self.pictures).sum(1).mean()), .1)

    def test_nothing_changes_without_a_share(self):
        for memory in memories(*self.tables, image_share=0., text_share=0.): self.assertTrue(torch.allclose(memory(self.names), self.names, atol=1e-6))

    def test_two_numbers_are_one_byte(self):
        numbers = torch.randint(-STEPS, STEPS + 1, (N, 24))
        both = packed(numbers.float())
        self.assertEqual((both.dtype, both.shape), (np.uint8, (N, 12)))
        self.assertTrue(np.array_equal(np.concatenate([both & 15, both >> 4], 1).astype(int) - STEPS - 1, numbers.numpy()))


if __name__ == '__main__': unittest.main()
