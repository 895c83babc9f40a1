"""The stages: each reads files, calls the mathematics, writes files."""
