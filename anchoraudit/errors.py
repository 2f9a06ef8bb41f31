"""The one kind of error that a user meets: what is wrong, where, and what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What services for continuous integration read as a command in the log of a job. GitHub (and Forgejo): a line
# that begins with `::`, after white space, and `##[` anywhere. Azure: `##vso[` and `##[`. TeamCity:
# `##teamcity[`. GitLab: `section_start:1560896352:`.
_COMMAND = re.compile(
    r"^(?P<before>[^\S\n]*):(?=:)|#(?=#\w*\[)|(?P<section>section_(?:start|end)):(?=\d)", re.M
)


def printable(text: object) -> str:
    r"""Return `text` with control characters escaped, so that data cannot control the terminal.

    File names and class names come from the user's files: `"\x1b[31mcat"` is printed as
    `\x1b[31mcat`, a line feed as `\n`. Unpaired surrogates (file names that do not decode) are escaped too.
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in text
    )


def inert(text: str, colon: str = r"\x3a", hash_sign: str = r"\x23") -> str:
    r"""Return whole lines of text with an escape in each that the log of a CI job would read as a command.

    Data name files and classes, so `::error::` or `##vso[...]` in them would act in the name of the job.

    colon, hash_sign: how these signs are escaped in the syntax of the text.

    Examples
    --------
    >>> print(inert("::error::a\n##[error]b"))
    \x3a:error::a
    \x23#[error]b
    """

    def escaped(found: re.Match[str]) -> str:
        if found["before"] is not None:
            return found["before"] + colon
        return hash_sign if found["section"] is None else found["section"] + colon

    return _COMMAND.sub(escaped, text)


def inert_json(text: str) -> str:
    r"""Do the same to JSON, which then has the same values: these signs are in strings only.

    Examples
    --------
    >>> print(inert_json('"##[error]"'))
    "\u0023#[error]"
    """
    return inert(text, r"\u003a", r"\u0023")


# User and password of an address, its query, and keys in the form that services give them.
_SECRETS = (
    (re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]{1,20}://)[^/\s@'\"]{1,500}@"), r"\1"),
    (
        re.compile(
            r"(\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s?'\"<>]{1,2000})\?(?=[^\s'\"<>=]{1,99}=)[^\s'\"<>]*"
        ),
        r"\1",
    ),
    (re.compile(r"(X-Amz-[A-Za-z-]{1,40}|AWSAccessKeyId|Signature)=[^\s&'\"<>]+"), r"\1=..."),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bhf_[A-Za-z0-9]{20,}\b"), "..."),
)


def without_credentials(text: str) -> str:
    """Return `text` without what opens a door: passwords and signatures in addresses, and keys.

    Examples
    --------
    >>> without_credentials("https://me:secret@host/a.parquet?X-Amz-Signature=abc is gone")
    'https://host/a.parquet is gone'
    """
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def shortened(text: str, most: int = 1000) -> str:
    """Return `text`; of a text longer than `most` letters only its beginning and its end.

    1,000 letters are about twelve lines of a terminal, which is as much as anyone reads of a message.
    """
    if len(text) <= most:
        return text
    head = most * 2 // 3
    return f"{text[:head]} ... {text[len(text) - (most - head) :]}"


class AnchorauditError(Exception):
    """Something that the user can fix: unreadable input, a bad option, an impossible request.

    The command line prints it to stderr and ends with exit code 2. In a message, long values are shortened,
    and credentials left out.

    Parameters
    ----------
    message : str
        What is wrong, with the value.
    path : path or str
        The file it is in, if there is one.
    place : str
        Where in that file: ``"line 3"``, ``"annotations[17].bbox"``, ``"byte 120"``.
    remedy : str
        What to do, as a sentence.
    details : sequence of str, optional
        What else is known, each in a line of its own between the message and the remedy.

    Examples
    --------
    >>> print(AnchorauditError("no such class 'cta'", path="a.json", remedy="Add it to `categories`."))
    a.json: no such class 'cta'
      Add it to `categories`.
    """

    def __init__(
        self,
        message: str,
        *,
        path: object = "",
        place: str = "",
        remedy: str = "",
        details: Sequence[str] = (),
    ) -> None:
        self.message = without_credentials(message)
        self.path = without_credentials(str(path))
        self.place = place
        self.remedy = without_credentials(remedy)
        self.details = tuple(map(without_credentials, details))
        super().__init__(str(self))

    def within(self, path: object, place: str = "") -> AnchorauditError:
        """Return the same error with this file and place, unless it names a file already.

        Examples
        --------
        >>> print(AnchorauditError("no such class 'cta'").within("a.json", "line 3"))
        a.json, line 3: no such class 'cta'
        """
        if self.path:
            return self
        return AnchorauditError(
            self.message, path=path, place=place, remedy=self.remedy, details=self.details
        )

    def __str__(self) -> str:
        where = ", ".join(shortened(printable(part)) for part in (self.path, self.place) if part)
        text = shortened(printable(self.message))
        if where:
            text = f"{where}: {text}"
        below = [*self.details, self.remedy] if self.remedy else self.details
        return "\n  ".join([text, *(shortened(printable(line)) for line in below)])


class TooLargeError(AnchorauditError):
    """A data set that does not fit into memory when it is read whole."""
