"""Image files that are something else: shared by the rules about what they are."""

from __future__ import annotations

import numpy as np

from anchoraudit.io.not_data import NotData
from anchoraudit.rules._context import Context, Hits


def found_in_images(context: Context, what: NotData) -> Hits:
    """Return findings about the image files that are `what`, without those that the reader has reported."""
    dataset, files = context.dataset, context.image_files
    problems = [] if files is None else files.problem
    found = [row for row, problem in enumerate(problems) if problem == what.of_image]
    said = {finding.path for finding in dataset.findings if found and finding.code == what.code}
    rows = [row for row in found if not said or str(dataset.image_path(row)) not in said]
    names = dataset.images.file_names
    return context.about_images(
        what.code, np.array(rows, dtype=np.int64), lambda i: (what.words, names[i]), own_file=True
    )
