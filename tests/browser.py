"""Headless Chromium for tests: opens a file, runs scripts in it, notes requests and errors, takes pictures.

It speaks the DevTools protocol through two pipes, so nothing but the browser itself is needed, and no port.
"""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A page asks nobody anything, but the browser itself would; so it is told not to.
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)
PATIENCE = 90  # seconds for one answer: machines that run tests are busy


def find():
    """The path of a browser, None without one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page in a browser of its own. errors: what went to the console as an error. requests: addresses."""

    def __init__(self, width=1280, height=900):
        self.errors, self.requests, self._events = [], [], []
        self._numbers, self._buffer = itertools.count(1), b""
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        (inner, self._to), (self._from, outer) = os.pipe(), os.pipe()

        def place():
            # The protocol's pipes are handles 3 and 4. They may be in each other's place already.
            read, write = (fcntl.fcntl(handle, fcntl.F_DUPFD, 10) for handle in (inner, outer))
            os.dup2(read, 3)
            os.dup2(write, 4)

        self._process = subprocess.Popen(
            [find(), *ARGUMENTS, f"--user-data-dir={self._folder.name}", "about:blank"],
            preexec_fn=place,  # noqa: PLW1509  no other thread runs while a browser starts
            close_fds=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(inner)
        os.close(outer)
        self._session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._folder.cleanup()

    def call(self, method, **parameters):
        """Send a command, and return its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while True:
            answer = self._receive(until)
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._note(answer)

    def _receive(self, until):
        while b"\0" not in self._buffer:
            if not select.select([self._from], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            piece = os.read(self._from, 1 << 16)
            if not piece:
                raise RuntimeError("the browser has ended")
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(text)

    def _note(self, event):
        what, about = event.get("method", ""), event.get("params", {})
        if what == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        elif what == "Runtime.exceptionThrown":
            details = about["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif what == "Runtime.consoleAPICalled" and about["type"] in ("error", "assert"):
            self.errors.append(
                " ".join(str(arg.get("value", arg.get("description"))) for arg in about["args"])
            )
        elif what == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.errors.append(about["entry"]["text"])
        self._events.append(what)

    def run(self, script):
        """The value of an expression in the page; of a promise, what it comes to."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"].get("exception", {}).get("description", script))
        return answer["result"].get("value")

    def open(self, file):
        """Open a file, and wait until its script says that it is ready."""
        self.call("Page.navigate", url=Path(file).resolve().as_uri())
        self.wait("document.documentElement?.dataset.ready === 'yes'")

    def wait(self, condition):
        """Wait until an expression is true in the page."""
        until = time.monotonic() + PATIENCE
        while not self.run(condition):
            if time.monotonic() > until:
                raise TimeoutError(f"not in {PATIENCE} s: {condition}; errors: {self.errors}")
            time.sleep(0.05)

    def resize(self, width, height=900):
        """Set the width and height of the window, in pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def prefer(self, scheme, media=""):
        """Prefer `dark` or `light`; media: `print`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def picture(self, whole=False):
        """A PNG of the window, or of the whole page."""
        data = self.call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self._clip(whole)
        )
        return base64.b64decode(data["data"])

    def _clip(self, whole):
        if not whole:
            return {}
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {
            "clip": {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}
        }
