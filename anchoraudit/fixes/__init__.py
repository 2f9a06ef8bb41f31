"""What can be fixed without looking at the image: planned as columns, shown, and applied to a copy.

Safe fixes lose nothing that training could use. Unsafe ones guess what was meant, and must be asked for.
"""

from __future__ import annotations

from anchoraudit.fixes.changes import DROPPED, Change
from anchoraudit.fixes.planning import Plan, no_fixes, plan

__all__ = ["DROPPED", "Change", "Plan", "no_fixes", "plan"]
