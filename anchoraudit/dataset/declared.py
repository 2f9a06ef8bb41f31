"""What a data set's own files declare of its classes, as it stands there: names, indices, and their number.

Nothing is judged by a framework's rules here: `loaders` knows what each makes of a declaration. `faults` says
what is wrong with one whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

# How a file gives the names: a YAML list, a YAML mapping from index to name, one YAML value, one name a line
# (classes.txt, obj.names), or rows of a name and an id (classes.csv). "": it gives none.
Form = Literal["", "list", "mapping", "value", "lines", "rows"]
_SHOWN = 6  # indices or names in a message; more do not fit two lines of a terminal


@dataclass(frozen=True, slots=True)
class Stated:
    """A value of a file.

    text: as it is written. line: from 1. value: what the file's language makes of it, in YAML a text, a
    number, True, False, None or a date; elsewhere the text. nested: it is a list or a mapping, whose text
    stands here.
    """

    text: str
    line: int
    value: Any
    nested: bool = False


@dataclass(frozen=True, slots=True)
class ClassEntry:
    """A class: its index as the file states it, None where its position counts, and its name."""

    key: Stated | None
    name: Stated


class Fault(NamedTuple):
    """What is wrong with a declaration: about what, in plain words, on which line, and the value."""

    about: str
    words: str
    line: int
    value: str


# What a fault is about: the number of classes, the names, or their indices.
COUNT_DIFFERS, ODD_COUNT = "count differs", "odd count"
NO_NAMES, NOT_A_LIST, ODD_NAME, NO_FILE, ODD_ROW = "no names", "not a list", "odd name", "no file", "odd row"
ODD_INDEX, INDEX_TWICE, GAPS = "odd index", "index twice", "gaps"


@dataclass(frozen=True, slots=True)
class DeclaredClasses:
    """The classes that a data set's own files declare.

    Parameters
    ----------
    path : Path
        The file that declares them.
    form : str
        How it gives the names, one of `Form`. Only in a mapping and in rows does a name have an index of its
        own; elsewhere its position counts, from 0.
    entries : tuple of ClassEntry
        The names, in the file's order. Rows of classes.csv that cannot be read are not among them.
    names : Stated, optional
        The value of `names` where that is one value, such as the path of a file; else where the names begin.
    count : Stated, optional
        The number of classes (`nc`, or darknet's `classes`) as the file states it. None if it states none.
    count_key : str
        What the file calls that number.
    names_from : Path, optional
        The file that holds the names, where that is not `path`; None also if it does not exist.
    broken : Fault, optional
        classes.csv: the first row of which keras-retinanet makes no class, in that framework's own words.
    lacks : tuple of str
        data.yaml: which of the keys `train` and `val` it does not have.
    has_validation : bool
        data.yaml: it has the key `validation`.

    Examples
    --------
    >>> names = [ClassEntry(None, Stated(name, 2, name)) for name in ("cat", "dog")]
    >>> declared = DeclaredClasses(Path("data.yaml"), "list", tuple(names), count=Stated("3", 1, 3))
    >>> [fault.words for fault in declared.faults()]
    ['nc is 3, but there are 2 names']
    """

    path: Path
    form: Form
    entries: tuple[ClassEntry, ...] = ()
    names: Stated | None = None
    count: Stated | None = None
    count_key: str = "nc"
    names_from: Path | None = None
    broken: Fault | None = None
    lacks: tuple[str, ...] = ()
    has_validation: bool = False

    @property
    def in_yaml(self) -> bool:
        """Tell whether a `data.yaml` declares them, which the frameworks read themselves."""
        return self.form in ("", "list", "mapping", "value") and self.count_key == "nc"

    @property
    def by_index(self) -> dict[int, str] | None:
        """The names by index; None if there are none. Of an index that is there twice, the last name counts.

        Entries whose index is no whole number from 0 on are left out.
        """
        if self.form == "" or (self.form == "value" and not self.entries):
            return None
        indices = (position if e.key is None else index_of(e.key) for position, e in enumerate(self.entries))
        named = zip(indices, self.entries, strict=True)
        found = {index: e.name.text for index, e in named if index is not None and index >= 0}
        return found if found or not self.entries else None

    @property
    def positions(self) -> list[int]:
        """The indices, each once and in order: of a list its positions; without those that are no numbers."""
        if self.form not in ("mapping", "rows"):
            return list(range(len(self.entries)))
        indices = (index_of(entry.key) for entry in self.entries if entry.key is not None)
        return sorted({index for index in indices if index is not None})

    @property
    def whole_count(self) -> int | None:
        """The stated number of classes, if it is a whole number."""
        return None if self.count is None else whole(self.count.value)

    @property
    def widest(self) -> int | None:
        """The number of classes if the larger of all numbers is meant; None if there are none.

        A label beyond it is beyond whatever the file means.
        """
        known = [len(self.entries), self.positions[-1] + 1] if self.positions else []
        known += [] if self.whole_count is None else [self.whole_count]
        return max(known, default=0) if max(known, default=0) > 0 else None

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with the declaration, whoever reads it."""
        yield from self._faults_of_count()
        yield from self._faults_of_names()
        yield from self._faults_of_indices()

    def _faults_of_count(self) -> Iterator[Fault]:
        count, key = self.count, self.count_key
        if count is None:
            return
        number, names = whole(count.value), len(self.entries)
        if number is None or isinstance(count.value, bool):
            yield Fault(
                ODD_COUNT, f"{key} is {_said(count)}, not a whole number", count.line, short(count.text)
            )
        elif isinstance(count.value, str) and self.in_yaml:
            words = f"{key} is the text {short(count.text)!r}, not a number"
            yield Fault(ODD_COUNT, words, count.line, short(count.text))
        if number is not None and self.entries and number != names:
            many = "is 1 name" if names == 1 else f"are {names:,} names"
            where = f" in {self.names_from.name}" if self.names_from is not None else ""
            words = f"{key} is {short(count.text)}, but there {many}{where}"
            yield Fault(COUNT_DIFFERS, words, count.line, short(count.text))
        elif number is not None and number < 1 and not self.entries:
            yield Fault(
                ODD_COUNT, f"{key} is {short(count.text)}: there is no class", count.line, short(count.text)
            )

    def _faults_of_names(self) -> Iterator[Fault]:
        given = self.names
        if self.broken is not None:
            yield self.broken
        if self.form == "value" and given is not None:
            what = f"the text {short(given.text)!r}" if isinstance(given.value, str) else _said(given)
            if self.in_yaml:
                yield Fault(NOT_A_LIST, f"names is {what}, not a list", given.line, short(given.text))
            elif self.names_from is None:
                words = f"the file of names, {short(given.text)!r}, does not exist"
                yield Fault(NO_FILE, words, given.line, short(given.text))
        elif self.form == "" and self.count is None and self.in_yaml:
            yield Fault(NO_NAMES, "neither names nor nc is given", 1, "")
        elif self.form in ("list", "mapping", "rows") and not self.entries and self.broken is None:
            yield Fault(NO_NAMES, "there are no names", 1 if given is None else given.line, "")
        odd = [e for e in self.entries if e.name.nested or (self.in_yaml and _read(e.name) != e.name.text)]
        if odd and self.form != "value":
            shown = ", ".join(f"{_said(e.name)} as {_read(e.name)}" for e in odd[:_SHOWN])
            more = f", ... ({len(odd) - _SHOWN} more)" if len(odd) > _SHOWN else ""
            words = f"YAML reads the name {shown}{more}"
            yield Fault(ODD_NAME, words, odd[0].name.line, short(odd[0].name.text))

    def _faults_of_indices(self) -> Iterator[Fault]:
        keyed = [(entry.key, entry.name) for entry in self.entries if entry.key is not None]
        if not keyed:
            return
        what = "ids" if self.form == "rows" else "keys of names"
        odd = next((key for key, _ in keyed if index_of(key) is None), None)
        if odd is not None:
            yield Fault(ODD_INDEX, f"a key of names is {_said(odd)}, not a number", odd.line, short(odd.text))
        texts = [key for key, _ in keyed if isinstance(key.value, str) and index_of(key) is not None]
        if texts and self.in_yaml and odd is None:
            words = f"a key of names is the text {short(texts[0].text)!r}, not a number"
            yield Fault(ODD_INDEX, words, texts[0].line, short(texts[0].text))
        first: dict[int, Stated] = {}
        for key, name in keyed:
            index = index_of(key)
            if index is not None and index in first:
                both = f"{short(first[index].text)!r} and of {short(name.text)!r}"
                words = f"{short(str(index))} is the index of {both}"
                yield Fault(INDEX_TWICE, words, key.line, short(key.text))
            elif index is not None:
                first[index] = name
        indices = self.positions
        if indices and indices != list(range(len(indices))):
            line = next(key.line for key, _ in keyed if index_of(key) is not None)
            yield Fault(GAPS, f"the {what} {numbered(indices)}", line, listed(indices))

    def named(self, path: Path, names_from: Path | None) -> DeclaredClasses:
        """Return the same of a file under another name of it."""
        return replace(self, path=path, names_from=names_from)


def index_of(key: Stated) -> int | None:
    """Return an index as the frameworks' `int(key)` reads it; None if that raises."""
    try:
        return None if key.nested else int(key.value)
    except (TypeError, ValueError, OverflowError):
        return None


def whole(value: object) -> int | None:
    """Return a number, or a text of one, as an integer; None if it is no whole number."""
    try:
        number = float(value)  # type: ignore[arg-type]
        return int(number) if number == int(number) else None
    except (TypeError, ValueError, OverflowError):
        return None


def numbered(indices: list[int]) -> str:
    """Say how indices, each once and in order, are not 0, 1, 2 and so on."""
    first, last, number = indices[0], indices[-1], len(indices)
    if first < 0:
        return f"begin below 0: {listed(indices)}"
    if last - first == number - 1:
        least, most = short(str(first)), short(str(last))
        run = f"run {least} to {most}" if number > 1 else f"are only {least}"
        unused = "0 is" if first == 1 else f"0 to {short(str(first - 1))} are"
        return f"{run}, {unused} unused: subtract {least}"
    taken = set(indices)
    absent = [i for i in range(min(last, number + _SHOWN + 1)) if i not in taken][: _SHOWN + 1]
    more = ", ..." if len(absent) > _SHOWN else ""
    return f"have gaps: there is no {', '.join(map(str, absent[:_SHOWN]))}{more}"


def listed(indices: list[int]) -> str:
    """Return the first few of these numbers as a text."""
    shown = ", ".join(short(str(index)) for index in indices[:_SHOWN])
    return f"{shown}, ..." if len(indices) > _SHOWN else shown


def _read(stated: Stated) -> str:
    """Return a name as the frameworks' `str(name)` shows it."""
    return "a list or a mapping" if stated.nested else short(str(stated.value))


def _said(stated: Stated) -> str:
    """Return a value as it is written, or what stands for nothing."""
    return repr(short(stated.text)) if stated.text else "empty"


def short(text: str) -> str:
    """Return a text of a file in at most 40 characters, for messages."""
    return text if len(text) <= 40 else f"{text[:37]}..."
