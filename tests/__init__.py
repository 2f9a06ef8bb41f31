"""The tests, and what they share."""

import os


def _wait_for_no_disk(descriptor: int) -> None:
    """In place of `os.fsync`: what tests write need not outlive a power cut; a disk takes 10 ms a file."""


os.fsync = _wait_for_no_disk  # type: ignore[assignment]
