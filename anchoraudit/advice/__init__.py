"""What to do: remedies measured on the data, detectors side by side, one image in detail."""
