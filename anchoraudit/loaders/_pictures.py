"""What loaders do alike when they open the image files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    from anchoraudit.arrays import Bool
    from anchoraudit.loaders._sieve import Say, Sieve

NOT_FOUND = "FileNotFoundError: [Errno 2] No such file or directory: '{}'"
# `cv2.imread` reads a JPEG file whose pixel data end early, with a warning. Of other files it makes nothing.
_CUT_OFF = ("truncated: the pixel data ends early", "truncated: there is no end-of-image marker")
_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif")


def absent(source: str) -> Rule:
    """Return the rule for an image without a file."""
    return Rule("raises", "no image file", source)


def broken(source: str) -> Rule:
    """Return the rule for an image file that cannot be read."""
    return Rule("raises", "the image file cannot be read", source)


def open_all(
    sieve: Sieve,
    rules: tuple[Rule, Rule],
    *,
    turned: bool,
    cut_off: bool = False,
    words: tuple[str, str] = (NOT_FOUND, ""),
) -> None:
    """Raise at image files that are absent or cannot be read, and give images the size of the opened file.

    rules: made by `absent` and `broken`. turned: the loader applies the EXIF orientation. cut_off: it reads
    JPEG files that end early. words: what the framework says, with {} for the file's name; "" to say what is
    wrong with the file.
    """
    names, problems = sieve.images.file_names, sieve.broken()

    def says(text: str) -> Say:
        return lambda image: text.format(names[image]) if text else f"OSError: {problems[image]}"

    sieve.drop_images(rules[0], sieve.absent(), says(words[0]))
    sieve.drop_images(rules[1], _refused(sieve, cut_off), says(words[1]))
    sieve.opens_as(*sieve.opened(turned=turned))


def _refused(sieve: Sieve, cut_off: bool) -> Bool:
    import numpy as np

    problems = sieve.broken()
    refused = np.fromiter(map(bool, problems), np.bool_, len(problems))
    if cut_off:
        for image in np.flatnonzero(refused).tolist():
            is_jpeg = sieve.images.file_names[image].lower().endswith(_JPEG)
            refused[image] = not (is_jpeg and problems[image] in _CUT_OFF)
    return refused
