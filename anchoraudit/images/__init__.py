"""Image files: which there are (`found`), how large (`sizes`), and what else they say (`inspection`).

`found`, `sizes` and `pillow` import no NumPy, so that readers can use them before it is loaded.
"""
