"""The figures, one module each, all in one style: options, caption, and how it is drawn.

The configuration imports every figure for its options, so what a module imports at its top must be quick to import.
"""
