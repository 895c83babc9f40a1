"""edgemem: when does a diffusion model stop generalizing and start reproducing its training samples?"""

__version__ = "0.1.0"
