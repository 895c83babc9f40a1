"""edgemem: when does a diffusion model stop generalizing and start reproducing its training samples?"""

import importlib
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from edgemem.analysis.copies import memorization_ratio
    from edgemem.campaign_tree import open_campaign

__all__ = ["__version__", "memorization_ratio", "open_campaign"]
# Where it is.
_MODULES = {"memorization_ratio": "edgemem.analysis.copies", "open_campaign": "edgemem.campaign_tree"}
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what reads results only when it is used, and by name: it is no input of any stage."""
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module 'edgemem' has no attribute '{name}'")
