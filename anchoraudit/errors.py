"""The one kind of error a user meets: what is wrong, where, and what to do about it."""

from __future__ import annotations


def printable(text: object) -> str:
    r"""Return `text` with control characters escaped, so that data can never drive the terminal.

    File names and class names come from the user's files: `"\x1b[31mcat"` is printed as
    `\x1b[31mcat`, a line feed as `\n`. Unpaired surrogates (undecodable file names) are escaped too.
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in text
    )


def shortened(text: str, most: int = 1000) -> str:
    """Return `text`, or its beginning and its end where it is longer than a message may be."""
    if len(text) <= most:
        return text
    head = most * 2 // 3
    return f"{text[:head]} ... {text[len(text) - (most - head) :]}"


class AnchorauditError(Exception):
    """A condition the user can mend: unreadable input, a bad option, an impossible request.

    Parameters
    ----------
    message: what is wrong, with the value that is.
    path: the file it is wrong in, if there is one.
    place: where in that file (`line 3`, `annotations[17].bbox`, `byte 120`).
    remedy: what to do next, as a sentence.

    The command line prints it on stderr and ends with exit code 2. However long a value is that a message
    repeats, what is printed stays short enough to be read.
    """

    def __init__(self, message: str, *, path: object = "", place: str = "", remedy: str = "") -> None:
        self.message = message
        self.path = str(path)
        self.place = place
        self.remedy = remedy
        super().__init__(str(self))

    def within(self, path: object, place: str = "") -> AnchorauditError:
        """The same error with the file and the place it was met in, where it names no file itself."""
        if self.path:
            return self
        return AnchorauditError(self.message, path=path, place=place, remedy=self.remedy)

    def __str__(self) -> str:
        where = ", ".join(printable(part) for part in (self.path, self.place) if part)
        text = shortened(printable(self.message))
        if where:
            text = f"{where}: {text}"
        return f"{text}\n  {shortened(printable(self.remedy))}" if self.remedy else text
