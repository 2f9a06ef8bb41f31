"""Goes through the XML of CVAT element by element, with their lines. The file is never a tree as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._doctype import has_document_type
from anchoraudit.io.unchanged import read_input

_ROOT = "annotations"
_DEEPEST = 30  # levels; CVAT has seven
_LONGEST = 10_000  # characters of a text, where more is not kept
_SHOWN = 80  # characters of a name that a message repeats
_REMEDY = "Export the annotations from CVAT again."


@dataclass(slots=True)
class Element:
    """An element: its attributes, its line in the file from 1, the elements and the text within it."""

    tag: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def below(self, tag: str) -> Iterator[Element]:
        """Yield all elements of this tag at any depth, in order."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.below(tag)

    def text_of(self, tag: str) -> str:
        """Return the text of the first child of this tag, without blanks around it; "" without one."""
        return next((child.text.strip() for child in self.children if child.tag == tag), "")


# Takes an element, and the one that it is in; None directly below the root.
Take = Callable[[Element, Element | None], None]


def for_each(path: Path, take: Take, streamed: str) -> None:
    """Call `take` with each element directly below the root, in order.

    streamed: elements of this tag may be large. `take` gets what is in them one by one, and they come last,
    without children.

    Raises AnchorauditError if the file cannot be read, is not well-formed, declares a document type, or has
    another root than `<annotations>`.
    """
    data, _ = read_input(path)
    if has_document_type(data):
        raise AnchorauditError(
            "the file declares a document type (<!DOCTYPE>), so it was not read",
            path=path,
            remedy="Remove the declaration: entities can expand without limit, and annotations need none.",
        )
    reading = _Reading(path, take, streamed)
    try:
        reading.parser.Parse(data, True)
    except expat.ExpatError as error:
        words = expat.ErrorString(error.code)
        place = f"line {error.lineno}, column {error.offset + 1}"
        raise AnchorauditError(
            f"not well-formed XML: {words}", path=path, place=place, remedy=_REMEDY
        ) from None
    except (LookupError, ValueError) as error:  # an encoding that does not exist
        raise AnchorauditError(f"not readable as XML: {error}", path=path, remedy=_REMEDY) from None


class _Reading:
    """The elements that are open, from the one below the root to the innermost."""

    def __init__(self, path: Path, take: Take, streamed: str) -> None:
        self.path, self.take, self.streamed = path, take, streamed
        self.open: list[Element] = []
        self.level = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.level += 1
        if self.level == 1:
            if tag != _ROOT:
                words = f"the root tag is <{tag[:_SHOWN]}>, not <{_ROOT}>"
                raise AnchorauditError(words, path=self.path, remedy=_REMEDY)
        elif self.level <= _DEEPEST:
            element = Element(tag, attributes, self.parser.CurrentLineNumber)
            if self.open and not self._is_streamed():
                self.open[-1].children.append(element)
            self.open.append(element)

    def end(self, _: str) -> None:
        if 1 < self.level <= _DEEPEST:
            element = self.open.pop()
            if not self.open or self._is_streamed():
                self.take(element, self.open[0] if self.open else None)
        self.level -= 1

    def _is_streamed(self) -> bool:
        """Tell whether the innermost open element is a large one, directly below the root."""
        return len(self.open) == 1 and self.open[0].tag == self.streamed

    def characters(self, text: str) -> None:
        if self.open and len(self.open[-1].text) < _LONGEST:
            self.open[-1].text += text
