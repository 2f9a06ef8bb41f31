"""Anchors: clustered from sizes, chosen for foreground, measured, in files, and as frameworks write them."""
