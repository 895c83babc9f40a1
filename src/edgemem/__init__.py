"""edgemem: when does a diffusion model stop generalizing and start reproducing its training samples?"""

import importlib
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from edgemem.campaign_tree import open_campaign

__all__ = ["__version__", "open_campaign"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import what opens results only when it is used, and by name: it is no input of any stage."""
    if name == "open_campaign":
        return importlib.import_module("edgemem.campaign_tree").open_campaign
    raise AttributeError(f"module 'edgemem' has no attribute '{name}'")
