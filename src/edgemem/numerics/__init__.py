"""Pure mathematics: no files, no configuration."""
