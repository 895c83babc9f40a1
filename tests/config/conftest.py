"""What several modules of configuration tests use."""

import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgemem import pieces
from edgemem.config.campaign import Campaign
from edgemem.config.loading import load_campaign
from edgemem.errors import EdgememError


ROOT = Path(__file__).parents[2]


def merged(base: Any, overlay: Any) -> Any:
    """Return a configuration with an overlay on it, as Snakemake merges files: mappings merge, all else replaces."""
    if not isinstance(overlay, Mapping):
        return copy.deepcopy(overlay)
    result = dict(base) if isinstance(base, Mapping) else {}
    for key, value in overlay.items():
        result[key] = merged(result.get(key), value)
    return result


@pytest.fixture(autouse=True)
def no_extensions() -> Iterator[None]:
    """Forget the extensions of a test, which are known to the process."""
    yield
    pieces.register([])


@pytest.fixture(scope="session")
def default_text() -> str:
    """The text of the default campaign's file."""
    return (ROOT / "config.yaml").read_text(encoding="utf-8")


@pytest.fixture
def load(default_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Campaign]:
    """A function that loads the default campaign under overlays, given as YAML texts by file name."""
    monkeypatch.chdir(tmp_path)

    def load(*, default: str = default_text, **overlays: str) -> Campaign:
        texts = {"config.yaml": default} | {f"{name}.yaml": text for name, text in overlays.items()}
        config: Any = {}
        for name, text in texts.items():
            Path(name).write_text(text, encoding="utf-8")
            config = merged(config, yaml.safe_load(text))
        return load_campaign(config, list(texts))

    return load


@pytest.fixture
def problems(load: Callable[..., Campaign]) -> Callable[..., list[str]]:
    """A function that loads a campaign which must be refused, and returns the lines of the message."""

    def problems(**texts: str) -> list[str]:
        with pytest.raises(EdgememError) as caught:
            load(**texts)
        return str(caught.value).splitlines()

    return problems
