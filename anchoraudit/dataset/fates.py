"""What becomes of an image or a box in a framework's loader."""

from __future__ import annotations

# An image is never "moved": that is a box with other coordinates than in the file. An image that "stops" is
# handed over, and training stops right after that. Boxes never "stop".
FATES = ("kept", "moved", "dropped", "raises", "stops")
KEPT, MOVED, DROPPED, RAISED, STOPS = range(len(FATES))
