"""Real processes of the program without the start of each: copies of one that has imported everything.

A run on a few boxes takes half a second of CPU time, nearly all of it to start Python and to import. A fork
of a process that has done so needs a fifth of that. It is a process like any other, with its own memory,
working directory, environment, streams, helpers and exit code. Only the modules are there already. So what is
about the start itself, such as a variable that Python reads, needs `subprocess`; tests/test_forks.py runs
each command both ways, and the sessions of README.md and of the pages start Python anew.

A test can have another program run in such a copy: a module with `main`.

`python -m tests.forks DESCRIPTOR` is the process that is copied. It takes requests from that socket, one at a
time.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import io
import json
import os
import pkgutil
import resource
import signal
import socket
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import BinaryIO, NoReturn

from tests.large_pages import settle

# What commands import when they need it.
HEAVY = ("numpy", "pandas", "sklearn.cluster", "PIL.Image", "pyarrow.parquet", "rich.console", "yaml")
PROGRAM = "anchoraudit.__main__"
ROOT = Path(__file__).resolve().parents[1]
SIZE = 1 << 20  # of a request: no command line is as long


class Forks:
    """Starts processes of the program: `run(["scan", "a.json"], folder, os.environ)`."""

    def __init__(self, root: Path) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forks", str(theirs.fileno())],
                cwd=root,
                env={**os.environ, "PYTHONPATH": str(root)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def run(
        self,
        args: list[str],
        cwd: Path,
        env: dict[str, str],
        timeout: float = 120,
        program: str = PROGRAM,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, and return what `subprocess.run` does."""
        return self.measured(args, cwd, env, timeout, program)[0]

    def measured(
        self,
        args: list[str],
        cwd: Path,
        env: dict[str, str],
        timeout: float = 120,
        program: str = PROGRAM,
        limits: dict[str, int] | None = None,
    ) -> tuple[subprocess.CompletedProcess[str], float, float]:
        """Run a command, and return also its seconds of CPU time and its most memory in MB, helpers included.

        limits: values by the names of `resource`, such as RLIMIT_AS.
        """
        with contextlib.ExitStack() as stack:
            readers, writers = [], []
            for _ in range(2):
                reader, writer = os.pipe()
                readers.append(stack.enter_context(os.fdopen(reader, "rb")))
                writers.append(writer)
            try:
                pid = self._start(args, cwd, env, writers, program, limits)
            finally:
                for writer in writers:
                    os.close(writer)
            watch = threading.Timer(timeout, os.kill, (pid, signal.SIGKILL))
            watch.start()
            try:
                out, err = _read_all(readers)
                code, seconds, kilobytes = json.loads(self._ours.recv(SIZE))
            finally:
                watch.cancel()
        ended = subprocess.CompletedProcess(["anchoraudit", *args], code, out, err)
        return ended, seconds, kilobytes / 1024

    def exit_code(
        self, args: list[str], cwd: Path, env: dict[str, str], stdout: int | None, stderr: int | None
    ) -> int:
        """Run a command with these descriptors, None for a closed one, and return its exit code."""
        self._start(args, cwd, env, [stdout, stderr])
        return int(json.loads(self._ours.recv(SIZE))[0])

    def _start(
        self,
        args: list[str],
        cwd: Path,
        env: dict[str, str],
        streams: Sequence[int | None],
        program: str = PROGRAM,
        limits: dict[str, int] | None = None,
    ) -> int:
        """Start a command, and return the number of its process."""
        are_open = [stream is not None for stream in streams]
        request = {"args": args, "cwd": str(cwd), "env": env, "program": program, "open": are_open}
        request["limits"] = limits or {}
        given = [stream for stream in streams if stream is not None]
        socket.send_fds(self._ours, [json.dumps(request).encode()], given)
        return int(self._ours.recv(SIZE))

    def end(self) -> None:
        self._ours.close()
        self._process.wait()


@cache
def of_this_process() -> Forks:
    """Return the one that all tests of this process share. It ends with the process."""
    started = Forks(ROOT)
    atexit.register(started.end)
    return started


def in_another_process(words: Sequence[object], cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the program on these words, by a fork where there are any."""
    args, variables = [*map(str, words)], {**os.environ, "PYTHONPATH": str(ROOT), **env}
    if sys.platform == "linux":
        return of_this_process().run(args, cwd, variables)
    return anew(args, cwd, variables)


def anew(args: Sequence[str], cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the program in a Python that starts anew."""
    return subprocess.run(
        [sys.executable, "-m", "anchoraudit", *args],
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _read_all(streams: list[BinaryIO]) -> list[str]:
    """Read both to their ends at once, so that a full pipe never stops the program, and decode as text."""
    texts = ["", ""]

    def read(index: int) -> None:
        texts[index] = io.TextIOWrapper(streams[index]).read()

    second = threading.Thread(target=read, args=(1,))
    second.start()
    read(0)
    second.join()
    return texts


def _serve(connection: socket.socket) -> tuple[str, list[str]] | None:
    """Answer requests until nobody is left to ask. In a copy, return the program and its arguments."""
    while True:
        text, streams, _, _ = socket.recv_fds(connection, SIZE, 2)
        if not text:
            return None
        pid = os.fork()
        if pid == 0:
            connection.close()
            request = json.loads(text)
            given = iter(streams)
            _become(
                request["cwd"],
                request["env"],
                [next(given) if is_open else None for is_open in request["open"]],
            )
            for name, limit in request["limits"].items():
                resource.setrlimit(getattr(resource, name), (limit, limit))
            return request["program"], request["args"]
        for stream in streams:
            os.close(stream)
        connection.send(str(pid).encode())
        _, status, usage = os.wait4(pid, 0)
        seconds = usage.ru_utime + usage.ru_stime
        connection.send(json.dumps([os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss]).encode())


def _become(cwd: str, env: dict[str, str], streams: Sequence[int | None]) -> None:
    """Take on what a process is given at its start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    for number, (name, stream) in enumerate(zip(("stdout", "stderr"), streams, strict=True), 1):
        old = getattr(sys, name)
        if stream is None:
            os.close(number)
            setattr(sys, name, None)
            setattr(sys, f"__{name}__", None)
            continue
        os.dup2(stream, number)
        os.close(stream)
        new = os.fdopen(number, "w", encoding=old.encoding, errors=old.errors, closefd=False)
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


def _import_all() -> None:
    for name in HEAVY:
        importlib.import_module(name)
    import anchoraudit

    for module in pkgutil.walk_packages(anchoraudit.__path__, "anchoraudit."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _import_all()
    settle()
    request = _serve(socket.socket(fileno=int(sys.argv[1])))
    if request is not None:
        _run(*request)


def _run(name: str, args: list[str]) -> NoReturn:
    """Run the program, and end as an interpreter does, but without freeing every object of every library."""
    program = importlib.import_module(name).main
    sys.argv = ["anchoraudit", *args]
    code: object = 1
    try:
        program()
    except SystemExit as stop:
        code = stop.code
    except BaseException:
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = 120
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main()
