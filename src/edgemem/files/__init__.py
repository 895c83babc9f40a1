"""Files that carry where they come from, and are written whole and by one process at a time."""
