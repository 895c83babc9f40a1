"""Entry point of ``python -m edgemem``."""

import gc
import sys

from edgemem.cli import main


code = main()
# Python would look for cycles among all that was imported before it ends: half a second, of jobs that take few.
gc.freeze()
sys.exit(code)
