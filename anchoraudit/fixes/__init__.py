"""What can be mended without looking at a picture: planned as columns, shown, and applied to a copy.

Safe fixes lose nothing that training could use. Unsafe ones guess what was meant, and are asked for by name.
"""

from __future__ import annotations

from anchoraudit.fixes.changes import Change
from anchoraudit.fixes.planning import plan
from anchoraudit.fixes.plans import DROPPED, Plan

__all__ = ["DROPPED", "Change", "Plan", "plan"]
