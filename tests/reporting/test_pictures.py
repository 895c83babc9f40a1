"""Pictures of the documentation tell what they were made of, as all that a campaign draws does."""

from pathlib import Path

import pytest

from edgemem.files.attributes import read_attributes


ROOT = Path(__file__).parents[2]
PICTURES = [path for kind in ("png", "pdf", "svg", "jpg", "jpeg", "gif") for path in ROOT.glob(f"docs/**/*.{kind}")]


@pytest.mark.parametrize("picture", sorted(PICTURES), ids=lambda path: str(path.relative_to(ROOT)))
def test_pictures_tell_what_they_were_made_of(picture: Path):
    attributes = read_attributes(picture)
    assert attributes.get("edgemem_file") == "figure"
    assert {"spec", "inputs", "ancestry", "git_commit", "edgemem_version"} <= set(attributes)
