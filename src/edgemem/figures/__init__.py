"""The figures, one module each, all in one style."""
