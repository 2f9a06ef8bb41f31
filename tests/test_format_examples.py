"""What each format says of itself is true: its example is read, and its page is there. No list of names."""

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from anchoraudit import formats
from tests.builders import make, run

PAGE = (Path(__file__).parents[1] / "docs" / "formats.md").read_text("utf-8")
WITH_IMAGES = {"webdataset"}
EXTRAS = {"labelformat"}  # libraries that are optional, named as the formats that need them


@pytest.mark.parametrize("name", formats.format_names())
def test_the_example_is_recognised_and_read(tmp_path, name):
    if name in EXTRAS and find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    module = formats.formats()[name]
    make(tmp_path, {**module.EXAMPLE_BESIDE, module.EXAMPLE_PATH: module.EXAMPLE})
    dataset = formats.read(tmp_path)
    assert (dataset.format, dataset.findings) == (name, [])
    assert len(dataset.boxes) and np.isfinite(dataset.boxes.xyxy).all()
    assert dataset.images.width.tolist() == [640] * len(dataset.images)


@pytest.mark.parametrize("name", formats.format_names())
def test_what_it_says_fits_a_terminal(name):
    module = formats.formats()[name]
    assert name == module.NAME
    for text in (module.LOOKS_FOR, module.NOT_READ):
        assert "\n" not in text and len(text) <= 200 and not text.endswith(".")
    assert module.EXAMPLE.endswith("\n") and len(module.EXAMPLE.splitlines()) <= 20


@pytest.mark.parametrize("name", formats.format_names())
def test_the_suffixes_of_its_files_are_stated_on_one_line(name):
    module = formats.formats()[name]
    source = Path(module.__file__).read_text("utf-8")
    assert re.search(rf"^SUFFIXES = {re.escape(repr(module.SUFFIXES)).replace(chr(39), '.')}$", source, re.M)
    assert all(re.fullmatch(r"\.[a-z]+\d?", suffix) for suffix in module.SUFFIXES)
    assert Path(module.EXAMPLE_PATH).suffix in module.SUFFIXES


@pytest.mark.parametrize("name", formats.format_names())
def test_its_docstring_begins_with_the_heading_of_its_section(name):
    title, colon, _ = (formats.formats()[name].__doc__ or "").partition(": ")
    assert colon and re.search(rf"^##+ {re.escape(title)}$", PAGE, re.M), title


@pytest.mark.parametrize("name", formats.format_names())
def test_a_folder_without_its_images_is_named(tmp_path, name, capsys):
    module = formats.formats()[name]
    if name in EXTRAS and find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    if name in WITH_IMAGES:
        pytest.skip("its images are in the files")
    (tmp_path / "empty").mkdir()
    make(tmp_path / "data", {**module.EXAMPLE_BESIDE, module.EXAMPLE_PATH: module.EXAMPLE})
    words = ("scan", tmp_path / "data", "--image-folder", tmp_path / "empty", "--output-format", "concise")
    run(*words, "--exit-zero")
    told = capsys.readouterr()
    assert f"is in {tmp_path / 'empty'}, so no image file is checked" in told.err or re.search(
        "IMG00[13]", told.out
    )
