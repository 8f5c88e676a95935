"""Measurements: `make bench`. Figures are ratios between things measured in the same run, on the same machine."""
