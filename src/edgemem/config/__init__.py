"""The campaign's configuration: one typed model, and the part of it that each stage reads."""
