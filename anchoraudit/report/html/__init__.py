"""The report as one HTML file, to look at and to show to others."""
