"""PAR010: pointer of Git LFS in place of a file."""

from __future__ import annotations

from anchoraudit.io.not_data import POINTER
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._not_data import found_in_images
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Hits:
    """Find image files that are pointers. Readers report those among the annotations."""
    return found_in_images(context, POINTER)


RULE = Rule(
    code="PAR010",
    severity="error",
    title="Git LFS pointer in place of a file",
    what=(
        "A file of annotations, or an image, that only has the few lines with which Git LFS stands in for "
        "it: the file itself was never downloaded. One finding a file, whatever its lines look like."
    ),
    why="Its images and boxes are missing from the audit, and from training.",
    example=(
        "version https://git-lfs.github.com/spec/v1\n"
        "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345"
    ),
    remedy="run `git lfs pull` in the repository, or download the files from where they are stored",
    check=check,
    needs_image_files=True,
)
