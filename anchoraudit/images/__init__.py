"""Image files: finding them (`found`), their sizes (`sizes`), and all other facts about them (`inspection`).

`found`, `sizes` and `pillow` import no NumPy, so that readers can use them before it is loaded.
"""
