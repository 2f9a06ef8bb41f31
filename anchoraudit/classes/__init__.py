"""The class contract: which index each class gets in a framework, and what a configuration says of classes.

`frameworks/` has one TOML file for each way to number classes. `readers/` has one module for each kind of
file that lists classes, or says how many there are.
"""

from __future__ import annotations

from anchoraudit.classes.contract import ClassRules, class_rules, class_rules_names, rules_for

__all__ = ["ClassRules", "class_rules", "class_rules_names", "rules_for"]
