"""Ratios and limits measured on this machine, one file each; `make bench` runs them all."""
