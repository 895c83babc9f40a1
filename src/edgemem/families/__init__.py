"""The data families, one folder each, loaded by name."""
