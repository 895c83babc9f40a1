"""Entry point of ``python -m edgemem``."""

import gc
import sys

from edgemem.cli import main


code = main()
# Otherwise Python searches all that was imported for reference cycles before it ends, which a short job notices.
gc.freeze()
sys.exit(code)
