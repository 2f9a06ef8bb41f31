"""The hashes by which names of images are compared across parts."""

import hashlib

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from anchoraudit.dataset.keys import keys_of


def plain_key(name):
    """The first half of MurmurHash3_x64_128 with seed 0, over whole words, as one writes it on a board."""
    data, word = name.encode("utf-8", "surrogatepass"), (1 << 64) - 1
    if len(data) > 512:
        return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")

    def turned(number, bits):
        return (number << bits | number >> (64 - bits)) & word

    key = len(data)
    for at in range(0, len(data), 8):
        own = int.from_bytes(data[at : at + 8], "little") * 0x87C37B91114253D5 & word
        key ^= turned(own, 31) * 0x4CF5AD432745937F & word
        key = (turned(key, 27) * 5 + 0x52DCE729) & word
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        key = (key ^ key >> 33) * factor & word
    return key ^ key >> 33


class TestKeys:
    def test_they_are_the_same_on_every_machine(self):
        assert hex(keys_of(["000001.jpg"])[0]) == "0x1986e8a83907cfbe"
        assert keys_of([]).tolist() == []

    @given(st.lists(st.text(max_size=30)))
    @example(["", "\0", "a\0b", "a", "\udc80ä", "7 bytes", "8 bytes.", "9 bytes..", ""])
    @example(["x" * 512, "x" * 513, "", "x" * 514])
    @example([f"{i}.jpg" for i in range(9_000)])
    def test_each_name_has_its_own_whatever_is_beside_it(self, names):
        assert keys_of(names).tolist() == [*map(plain_key, names)]

    def test_names_that_differ_in_little_have_different_ones(self):
        names = [f"{folder:04}/{i:09}.jpg" for folder in range(20) for i in range(10_000)]
        keys = keys_of(names)
        assert len(np.unique(keys)) == len(names)
        share = [float(np.mean(keys >> np.uint64(bit) & np.uint64(1))) for bit in range(64)]
        assert 0.49 < min(share) <= max(share) < 0.51
