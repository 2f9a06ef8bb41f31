"""Make the pictures of README.md and docs/ anew: python docs/images/make.py

Needs the extra `report`, and Chromium on the PATH.
"""

import io
import os
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from anchoraudit import cli  # noqa: E402
from tests.browser import Page  # noqa: E402

WIDTH, HEIGHT = 1180, 1480


def main() -> None:
    """Write pictures of the report on the sample data: its head and its map, and some of its images."""
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder, Page(WIDTH, HEIGHT) as page:
        report = Path(folder, "report.html")
        os.environ["SOURCE_DATE_EPOCH"] = (
            "1735689600"  # 1 January 2025: a picture changes with the report only
        )
        cli.run(["scan", "sample_data/coco", "--detector", "reference", "--report", str(report), "-q"])
        page.open(report)
        save(page.picture(), "report.png")
        page.resize(WIDTH, 900)
        page.run("document.getElementById('gallery').scrollIntoView()")
        save(page.picture(), "report-images.png")


def save(data: bytes, name: str) -> None:
    """Write a picture in 256 colours, which are enough for it and take a third of the bytes."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.quantize(256, dither=Image.Dither.NONE).save(ROOT / "docs/images" / name, optimize=True)


if __name__ == "__main__":
    main()
