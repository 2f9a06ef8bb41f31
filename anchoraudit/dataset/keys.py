"""Hashes by which the names of images are compared across the parts of a data set, which keep no names.

The hash is half of MurmurHash3, over the UTF-8 of a name: of all names at a time, and the same on every
machine. Names can be made up that have the same one. Their images are then read together, and compared by
name.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.dataset.pieces import Keys

_WORD = 8  # bytes
_BLOCK = 4096  # names at a time, so that their words stay in a core's cache
_LONG = 512  # bytes from which on a name is hashed by itself
# MurmurHash3_x64_128 by Austin Appleby (public domain), of which these are the first half.
_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_FIVE, _PLUS = np.uint64(5), np.uint64(0x52DCE729)
_F1, _F2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
# The bytes of a word that belong to a name, by how many of them do.
_MASKS = np.array([(1 << 8 * count) - 1 for count in range(_WORD + 1)], dtype=np.uint64)


def keys_of(names: Sequence[str]) -> Keys:
    """Return the hash of each name: uint64 [n], in their order, the same on every machine.

    Two names have the same one with a probability of 2^-64, so that of a billion names hardly two do.
    """
    data = "\0".join(names).encode("utf-8", "surrogatepass")
    ends = np.append(np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == 0), len(data))
    if len(ends) != len(names):  # the character between names is in one of them, or there is no name
        encoded = [name.encode("utf-8", "surrogatepass") for name in names]
        data = b"\0".join(encoded)
        ends = np.cumsum([len(name) + 1 for name in encoded], dtype=np.int64) - 1
    start = np.append(0, ends + 1)[: len(ends)]
    padded = np.frombuffer(data + bytes(_WORD), dtype=np.uint8)
    words = np.ndarray((len(data) + 1,), dtype="<u8", buffer=padded, strides=(1,))  # one begins at each byte
    keys = np.zeros(len(ends), dtype=np.uint64)
    for first in range(0, len(ends), _BLOCK):
        some = slice(first, first + _BLOCK)
        keys[some] = _hashes(words, start[some], ends[some] - start[some])
    for row in np.flatnonzero(ends - start > _LONG).tolist():
        hashed = blake2b(data[start[row] : ends[row]], digest_size=_WORD).digest()
        keys[row] = int.from_bytes(hashed, "little")
    return keys


def _hashes(words: Keys, start: Int, lengths: Int) -> Keys:
    """Return the hash of each name that is not too long.

    words: the eight bytes that begin at each byte. start, lengths: int64 [n], the bytes of each name.
    """
    keys = lengths.astype(np.uint64)
    rows, left = np.arange(len(keys)), np.where(lengths > _LONG, 0, lengths)
    while len(rows):
        there = left > 0
        if not there.all():  # leaving out names that end here takes longer than a word
            rows, start, left = rows[there], start[there], left[there]
        own = words[start].astype(np.uint64)
        own &= _MASKS[np.minimum(left, _WORD)]
        own *= _C1
        own = _turned(own, 31)
        own *= _C2
        own ^= keys[rows]
        own = _turned(own, 27)
        own *= _FIVE
        own += _PLUS
        keys[rows] = own
        start, left = start + _WORD, left - _WORD
    for factor in (_F1, _F2):
        keys ^= keys >> np.uint64(33)
        keys *= factor
    keys ^= keys >> np.uint64(33)
    return keys


def _turned(words: Keys, bits: int) -> Keys:
    turned: Keys = (words << np.uint64(bits)) | (words >> np.uint64(64 - bits))
    return turned
