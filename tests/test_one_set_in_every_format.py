"""The same images and boxes in every format: whichever it is, the same are read."""

import sys
from pathlib import Path

import pytest

from anchoraudit import formats, read

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import _formats

IMAGES = _formats.drawn(6)
OPTIONAL = {"labelformat"}  # read by a library


@pytest.mark.parametrize("name", [name for name in formats.format_names() if name not in OPTIONAL])
def test_the_same_boxes_are_read(tmp_path, name):
    getattr(_formats, name)(tmp_path / "set", IMAGES)
    dataset = read(tmp_path / "set")
    assert (dataset.format, dataset.findings) == (name, [])
    stems = [Path(file_name).stem for file_name in dataset.images.file_names]
    classes = [category.name for category in dataset.categories]
    found = sorted(
        (stems[image], *map(round, box), classes[category])
        for image, box, category in zip(
            dataset.boxes.image.tolist(),
            dataset.boxes.xyxy.tolist(),
            dataset.boxes.category.tolist(),
            strict=True,
        )
    )
    expected = sorted((stem, *_formats.corners(box), box.label) for stem, boxes in IMAGES for box in boxes)
    named = {label for *_, label in found} & {*_formats.CLASSES}
    if not named:  # a format with classes of its own
        found, expected = ([row[:-1] for row in rows] for rows in (found, expected))
    assert found == expected
    assert {*dataset.images.width.tolist()} == {_formats.WIDTH}
