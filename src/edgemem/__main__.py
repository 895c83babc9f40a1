"""Entry point of ``python -m edgemem``."""

import sys

from edgemem.cli import main


sys.exit(main())
