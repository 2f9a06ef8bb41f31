"""The frameworks' recipes: one module each, with `RECIPES`; found by themselves."""
