"""The yardstick of scan_voc: parse every XML file of a folder, one after the other, nothing more.

With a second folder: then read the first page of every image in it, where its size would stand.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

for path in sorted(Path(sys.argv[1]).glob("*.xml")):
    ElementTree.parse(path)
for folder in sys.argv[2:]:
    for path in sorted(Path(folder).iterdir()):
        with path.open("rb") as file:
            file.read(4096)
