"""The configuration imports every figure for its options, so that importing one has to be quick."""

import subprocess
import sys

from edgemem import pieces


# Each of them takes some tenths of a second.
SLOW = ("jax", "matplotlib", "scipy", "xarray")


def test_options_and_captions_need_none_of_what_draws():
    code = f"""
import sys
from edgemem import pieces
for name in pieces.names("figure"):
    print(name, pieces.figure_options(name).__name__, *pieces.figure_module(name).CAPTION)
assert not (found := set({SLOW}) & set(sys.modules)), found
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines()] == pieces.names("figure")


def test_captions_are_of_their_figures():
    captions = [pieces.figure_module(name).CAPTION for name in pieces.names("figure")]
    assert all(part and part == part.strip() for caption in captions for part in caption)
    assert len({caption.title for caption in captions}) == len(captions)
