"""PAR011: web page in place of a file."""

from __future__ import annotations

from anchoraudit.io.not_data import PAGE
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._not_data import found_in_images
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find image files that are web pages. Readers report those among the annotations."""
    return found_in_images(context, PAGE)


RULE = Rule(
    code="PAR011",
    severity="error",
    title="web page in place of a file",
    what=(
        "A file of annotations, or an image, that is an HTML page: what a server answered instead of the "
        'file, such as a login or "not found".'
    ),
    why="Its images and boxes are missing from the audit, and from training.",
    example="<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>",
    remedy="download the file itself, and look where the address leads in a browser",
    check=check,
    needs_image_files=True,
)
