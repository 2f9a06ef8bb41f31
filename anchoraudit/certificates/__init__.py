"""Certificates: what a manifest was judged by, and whether it and its sources are still the same.

`issuing` makes one for each manifest of `filter --certify`, `document` is its form, and `verifying` compares
it with the files. A training script calls `verify` before it starts, so `document` and `verifying` import
nothing but the standard library.
"""
