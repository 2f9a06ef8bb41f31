"""Data sets part by part: audited in bounded memory, on one machine or many, and merged into one answer."""
