"""The versions of a framework for which a detector's rules hold. `at_version` chooses among them.

A preset says for which versions of which package it holds (`[versions]`). Presets that name the same `rule`
are one detector at different versions: so there is no table of versions elsewhere, and a framework gets one
by its presets.
"""

from __future__ import annotations

import re
from typing import Literal

from anchoraudit.detectors._block import Block, is_default

Key = tuple[int, ...]
_VERSION = re.compile(r"v?(\d{1,6}(?:\.\d{1,6}){0,3})(?:[.-]?(?:a|b|rc|dev|post)\d*|\+.*)?", re.IGNORECASE)


class Versions(Block, frozen=True):
    """For which versions of its framework a detector's rules hold. Empty: nobody says.

    Parameters
    ----------
    package : str
        The framework's name as a package, such as "ultralytics".
    since, until : str
        The first and the last version that has these rules; "" as the last: no later one has others.
    rule : str
        What presets have in common that are one detector at different versions.
    exists_since : str
        The first version that has this detector at all; "": that of the oldest rule.
    read_until : str
        The newest version in which the rules were read, where no later one has others.
    earlier : str
        What versions before the oldest rule do otherwise, for the error about them.
    version : str
        The version that was asked for; "": the rules are those that the preset's name says.
    chosen : {"", "given", "installed", "newest"}
        Who asked for it: the user; the package that is installed; or nobody, so that the newest rules hold.

    Raises
    ------
    ValueError
        If a version is no version, or a key has no effect without the others.

    Examples
    --------
    >>> Versions(package="ultralytics", since="8.4.0", until="8.4.51", rule="yolo").text
    'ultralytics 8.4.0 to 8.4.51'
    """

    package: str = ""
    since: str = ""
    until: str = ""
    rule: str = ""
    exists_since: str = ""
    read_until: str = ""
    earlier: str = ""
    version: str = ""
    chosen: Literal["", "given", "installed", "newest"] = ""

    def __post_init__(self) -> None:
        if not self.package:
            if not is_default(self):
                raise ValueError("versions without a package take no other key")
            return
        if not (self.since and self.rule):
            raise ValueError("versions of a package need since and rule")
        for name in ("since", "until", "exists_since", "read_until", "version"):
            value = getattr(self, name)
            if value and key_of(value) is None:
                raise ValueError(f"{name} is {value!r}, which is not a version such as 8.3.120")
        if self.until and number_of(self.until) < number_of(self.since):
            raise ValueError(f"until is {self.until}, before since, {self.since}")

    @property
    def text(self) -> str:
        """The package with its versions: `ultralytics 8.4.128 and later`."""
        if not self.until:
            return f"{self.package} {self.since} and later"
        return f"{self.package} {self.since} to {self.until}"

    def has(self, version: str) -> bool:
        """Tell whether a version lies between the first and the last."""
        key = number_of(version)
        return number_of(self.since) <= key and (not self.until or key <= number_of(self.until))


def key_of(version: str) -> Key | None:
    """Return the numbers of a version, for comparing; None if it is none. Those of `8.3.1.dev1` are 8.3.1."""
    found = _VERSION.fullmatch(version.strip())
    if found is None:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))


def number_of(version: str) -> Key:
    """Return the numbers of what is known to be a version."""
    key = key_of(version)
    assert key is not None  # `Versions` checks its own, and `rules_at` what a user gives
    return key
