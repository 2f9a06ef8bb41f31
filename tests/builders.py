"""Small data sets for tests, and running the program without the cost of a process."""

import json

from PIL import Image

from anchoraudit import cli

GOOD = [400, 360, 74, 149]  # the size of a reference anchor, well inside a 960x720 image

# What readers say of all data sets of a format, for data sets that a test makes up.
AS_READ = {
    "coco": {"has_entries": True, "declares_ids": True, "in_pixels": True},
    "voc": {"counts_from_one": True, "in_pixels": True},
    "yolo": {"classes_are_indices": True},
    "table": {},
}


def image(identity=1, **more):
    return {"id": identity, "file_name": f"{identity}.jpg", "width": 960, "height": 720, **more}


def annotation(identity=1, image_id=1, bbox=GOOD, **more):
    return {"id": identity, "image_id": image_id, "category_id": 1, "bbox": bbox, "iscrowd": 0, **more}


def document(images=None, annotations=None, **more):
    return {
        "images": [image()] if images is None else images,
        "annotations": [annotation()] if annotations is None else annotations,
        "categories": [{"id": 1, "name": "cat"}],
        "info": {},
        **more,
    }


def make(root, files):
    """Write a tree: bytes and str as they are, (width, height) as an image, all else as JSON."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, tuple):
            Image.new("L", content).save(path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return root


def run(*args):
    """Run in this process, which is fast; what must be a real process takes the fixture `anchoraudit`."""
    return cli.run([str(arg) for arg in args])


def assert_counts_of_the_whole(together, whole):
    """Parts have the numbers of the whole, and those of findings of all rules that parts can check."""
    assert together.summary() == whole.summary()
    not_checked = {rule.code for rule in together.findings.not_checked}
    assert dict(together.findings.counts) == {
        code: number for code, number in whole.findings.counts.items() if code not in not_checked
    }
