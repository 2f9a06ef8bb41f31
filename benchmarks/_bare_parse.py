"""The yardstick of formats: read and parse every file of annotations, and the first page of every picture.

JSON, XML and lines of words become Python objects, nothing more. Of an archive, the members are read.
"""

import json
import sys
import tarfile
from pathlib import Path
from xml.etree import ElementTree

PICTURES = {".jpg", ".png"}
LINES = {".jsonl", ".odgt"}


def parse(path: Path) -> None:
    """Read one file."""
    if path.suffix in PICTURES:
        with path.open("rb") as file:
            file.read(4096)
    elif path.suffix == ".json":
        json.loads(path.read_bytes())
    elif path.suffix in LINES:
        for line in path.read_bytes().splitlines():
            json.loads(line)
    elif path.suffix == ".xml":
        ElementTree.parse(path)
    elif path.suffix == ".tar":
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is not None and member.name.endswith(".json"):
                    json.loads(file.read())
    else:
        for line in path.read_text("utf-8").splitlines():
            line.replace(",", " ").split()


for each in sorted(Path(sys.argv[1]).rglob("*")):
    if each.is_file():
        parse(each)
