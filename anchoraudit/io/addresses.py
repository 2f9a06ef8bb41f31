"""Addresses such as `s3://bucket/folder`: paths that are on no disk of this machine.

An `Address` goes wherever the program keeps a path. As text it has neither user, password nor query, so that
no message, record or report can show them; only `io.remote` asks for the `secret` ones.
"""

from __future__ import annotations

import os
import re
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from pathlib import Path as _Path
else:
    _Path = type(Path())  # that of this system: only it can be extended

# A drive of Windows has one letter.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_WEB = ("http", "https")  # where `?` begins a query; elsewhere it may stand for any letter


class NoAnswerError(AnchorauditError):
    """A server that does not answer in time: there is no use in asking it for the next file."""


class Address(_Path):
    """An address, as a path of which only the text can be looked at.

    Nothing of it is on this machine's disk, and so it says of itself. `io.stores` looks where it is.
    """

    _user = _query = ""

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the address that a user writes."""
        scheme, _, rest = text.partition("://")
        server, slash, path = rest.partition("/")
        user, at, server = server.rpartition("@")
        if scheme.lower() in _WEB:
            path = path.partition("#")[0]
        path, mark, query = path.partition("?")
        if mark and scheme.lower() not in _WEB and "=" not in query:
            path, query = f"{path}?{query}", ""
        made = cls(f"{scheme.lower()}://{server}{slash}{path}")
        made._user, made._query = user if at else "", query
        return made

    @property
    def scheme(self) -> str:
        """What stands before `://`."""
        return str(self).partition("://")[0]

    @property
    def is_web(self) -> bool:
        """Whether it is a page of the web, where a folder looks like a file."""
        return self.scheme in _WEB

    @property
    def secret(self) -> str:
        """The whole address, with user, password and query: for the server, and for nobody else."""
        scheme, _, rest = str(self).partition("://")
        return f"{scheme}://{self._user}{'@' * bool(self._user)}{rest}{'?' * bool(self._query)}{self._query}"

    def below(self, name: str) -> Self:
        """Return the address of what is in this folder."""
        made = type(self)(self, name)
        made._user = self._user
        return made

    def beside(self, text: str) -> Self:
        """Return another address on the same server."""
        made = type(self).of(text)
        made._user = self._user
        return made

    def with_name(self, name: str) -> Self:
        """Return the address of what is in the same folder."""
        made = super().with_name(name)
        made._user = self._user
        return made

    def __str__(self) -> str:
        text = super().__str__().replace(os.sep, "/")  # a path has no two slashes behind each other
        scheme, colon, rest = text.partition(":/")
        return f"{scheme}://{rest}" if colon and "/" not in scheme else text

    def __reduce__(self) -> Any:
        return _restored, (str(self), self._user, self._query)

    def is_file(self, **how: Any) -> bool:
        """Return False: no address is a file of this machine."""
        del how
        return False

    is_dir = exists = is_symlink = is_file

    def resolve(self, strict: bool = False) -> Self:
        """Return the same address."""
        del strict
        return self

    def absolute(self) -> Self:
        """Return the same address."""
        return self

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Raise FileNotFoundError: the system knows no address."""
        del follow_symlinks
        raise FileNotFoundError(2, "it is an address", str(self))


def _restored(text: str, user: str, query: str) -> Address:
    made = Address(text)
    made._user, made._query = user, query
    return made


def is_address(path: str | PathLike[str]) -> bool:
    """Tell whether a path, or what a user writes for one, is an address.

    >>> is_address("s3://bucket/shards"), is_address("shards"), is_address("file:///data/shards")
    (True, False, False)
    """
    return isinstance(path, Address) or (
        isinstance(path, str) and _ADDRESS.match(path) is not None and path[:5].lower() != "file:"
    )


def path_of(source: str | PathLike[str]) -> Path:
    """Return what a user writes as a path: an `Address`, or a path of this machine, also for `file://`.

    Raises AnchorauditError for a `file://` of another machine.
    """
    if isinstance(source, Address):
        return source
    text = os.fspath(source)
    if is_address(text):
        return Address.of(text)
    if text[:7].lower() == "file://":
        parts = urlsplit(text)
        if parts.netloc not in ("", "localhost"):
            raise AnchorauditError(
                f"names a file of another machine, {parts.hostname}",
                path=text,
                remedy="Write file:/// with three slashes, and the whole path.",
            )
        from urllib.request import url2pathname  # imports what speaks HTTP, too

        return Path(url2pathname(parts.path) if os.name == "nt" else unquote(parts.path))
    return Path(text)
