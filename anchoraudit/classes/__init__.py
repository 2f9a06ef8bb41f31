"""Classes: which index each class gets in a framework, and what a configuration says of classes."""

from __future__ import annotations

from anchoraudit.classes.contract import ClassRules, class_rules, class_rules_names, rules_for

__all__ = ["ClassRules", "class_rules", "class_rules_names", "rules_for"]
