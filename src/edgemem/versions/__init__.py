"""Versions of a campaign's results: git tags name them, DVC keeps and carries their files."""
