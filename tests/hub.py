"""A small server that answers what `huggingface_hub` asks of the hub about files of data sets.

The questions are those of its `HfApi` (`/api/datasets/NAME`, `.../revision/REVISION`,
`.../tree/REVISION/PATH`, `.../paths-info/REVISION`) and of its file system
(`/datasets/NAME/resolve/REVISION/PATH` with a range); the errors carry the header `X-Error-Code`, by which it
knows them.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """files: of each data set, by path. gated: data sets whose files nobody may have. asked: what was.

    token: what every request must carry; "" for nothing.
    """

    files: dict[str, dict[str, bytes]]
    gated: frozenset[str] = frozenset()
    token: str = ""
    endpoint: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)

    def entry(self, path: str, data: bytes) -> dict[str, Any]:
        """What the hub says of a file. Large ones, and Parquet, are in LFS."""
        oid = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        found: dict[str, Any] = {"type": "file", "oid": oid, "size": len(data), "path": path}
        if path.endswith(".parquet"):
            digest = hashlib.sha256(data).hexdigest()
            found["lfs"] = {"oid": digest, "size": len(data), "pointerSize": 134}
        return found

    def tree(self, name: str, folder: str, *, recursive: bool) -> list[dict[str, Any]] | None:
        """What is in a folder; None if there is none."""
        start = f"{folder}/" if folder else ""
        found: dict[str, dict[str, Any]] = {}
        for path, data in sorted(self.files[name].items()):
            if not path.startswith(start):
                continue
            parts = path[len(start) :].split("/")
            for depth in range(1, len(parts) if recursive else min(len(parts), 2)):
                below = start + "/".join(parts[:depth])
                found[below] = {"type": "directory", "oid": "0" * 40, "size": 0, "path": below}
            if recursive or len(parts) == 1:
                found[path] = self.entry(path, data)
        return list(found.values()) or (None if folder else [])


@contextlib.contextmanager
def hub(files: dict[str, dict[str, bytes]], *, gated: tuple[str, ...] = (), token: str = "") -> Iterator[Hub]:
    """Serve data sets within the block. files: of each one, named `owner/name`, by path."""
    held = Hub(files, frozenset(gated), token)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode() if length else ""
            held.asked.append((self.command, self.path))
            url = urlsplit(self.path)
            parts = [unquote(part) for part in url.path.strip("/").split("/")]
            is_api = parts[0] == "api"
            kind, name, rest = parts[is_api], "/".join(parts[is_api + 1 : is_api + 3]), parts[is_api + 3 :]
            if kind != "datasets" or name not in held.files:
                # The hub does not tell whether there is none, or one that others may see.
                status, code = (404, "RepoNotFound") if self._knows() else (401, "RepoNotFound")
                self._say(status, {"error": "Repository not found"}, code)
            elif held.token and not self._knows():
                self._say(401, {"error": "Invalid username or password."}, "RepoNotFound")
            elif rest[1:2] and rest[1] not in ("main", COMMIT):
                self._say(404, {"error": f"Invalid rev id: {rest[1]}"}, "RevisionNotFound")
            elif is_api:
                self._tell(name, rest, parse_qs(url.query), body)
            else:
                self._file(name, "/".join(rest[2:]))

        do_HEAD = do_POST = do_GET  # noqa: N815  as http.server calls them

        def _tell(self, name: str, rest: list[str], query: dict[str, list[str]], body: str) -> None:
            if not rest or rest[0] == "revision":
                self._say(200, {"id": name, "sha": COMMIT, "private": False, "siblings": []})
            elif rest[0] == "tree":
                recursive = query.get("recursive", ["false"])[0].lower() == "true"
                found = held.tree(name, "/".join(rest[2:]), recursive=recursive)
                if found is None:
                    self._say(404, {"error": "not found on branch main"}, "EntryNotFound")
                else:
                    self._say(200, found)
            else:  # paths-info
                asked = parse_qs(body).get("paths") or json.loads(body)["paths"]
                there = held.files[name]
                self._say(200, [held.entry(path, there[path]) for path in asked if path in there])

        def _file(self, name: str, path: str) -> None:
            if name in held.gated:
                self._say(403, {"error": "Access to this data set is restricted"}, "GatedRepo")
                return
            data = held.files[name].get(path)
            if data is None:
                self._say(404, {"error": "Entry not found"}, "EntryNotFound")
                return
            start, end = 0, len(data)
            if asked := self.headers.get("Range"):
                first, last = asked.removeprefix("bytes=").split("-")
                start, end = int(first), int(last) + 1 if last else end
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(data[start:end])))
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{held.entry(path, data)["oid"]}"')
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data[start:end])

        def _knows(self) -> bool:
            return bool(held.token) and self.headers.get("Authorization") == f"Bearer {held.token}"

        def _say(self, status: int, value: Any, code: str = "") -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if code:
                self.send_header("X-Error-Code", code)
                self.send_header("X-Error-Message", value["error"])
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def log_message(self, *words: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        held.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield held
        server.shutdown()
