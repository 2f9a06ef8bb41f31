"""Image files: which are there (`found`), how large they are (`sizes`), and what else they say (`looking`).

`found`, `sizes` and `pillow` import no NumPy, so that readers can use them before it is loaded.
"""
