"""The denoisers, one file each, loaded by name."""
