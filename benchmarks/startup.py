"""`anchoraudit --version`, beside a process that only imports click."""

from __future__ import annotations

from pathlib import Path

from _measure import PROGRAM, PYTHON, Claim, main, run, side_by_side

MOST_MORE = 0.1
ROUNDS = 21


def measure(_data: Path) -> list[Claim]:
    """Seconds that the program takes longer to start."""
    runs = side_by_side(
        {
            "click": lambda: run((PYTHON, "-c", "import click")),
            "version": lambda: run((*PROGRAM, "--version")),
        },
        rounds=ROUNDS,
    )
    ours, theirs = runs["version"], runs["click"]
    more = ours.wall - theirs.wall
    return [
        Claim(
            "Start, `--version`: seconds more than `import click`",
            f"{more:.3f}",
            f"{ours.cpu - theirs.cpu:.3f}",
            f"--version {ours.wall:.3f} s (CPU {ours.cpu:.3f} s), import click {theirs.wall:.3f} s "
            f"(CPU {theirs.cpu:.3f} s), medians of {ROUNDS}",
            f"at most {MOST_MORE:g}",
            more <= MOST_MORE,
        )
    ]


if __name__ == "__main__":
    main(measure)
