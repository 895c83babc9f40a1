"""Keys of earlier configurations, which are refused with what to write instead."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from edgemem.errors import EdgememError


# Where the key stood, what it is called now.
RENAMED = {
    "peak_rate": "peak_lr",
    "final_rate": "final_lr",
    "relative_rates": "lr_multipliers",
    "quoted": "report_fractions",
}
# The models of `config.yaml` by the family that they are trained on.
MODELS = {"gaussian": "mixture", "image": "templates"}


def refuse_old_keys(config: Mapping[str, Any], files: Sequence[str | Path]) -> None:
    """Check that a configuration has none of the keys that are no more.

    **Arguments:** `files`: the files that it was merged from, for the message.

    **Raises:** EdgememError with the text to write instead.
    """
    where = ", ".join(map(str, files)) or "the configuration"
    if "model_sizes" in config or "protocol" in config:
        raise EdgememError(
            f"{where}: `model_sizes` and `protocol` are no more; each model has its own. Write instead:\n\n"
            + yaml.safe_dump({"models": _models(config)}, sort_keys=False, default_flow_style=None)
        )
    for mapping in (*_mappings(config.get("protocols")), *_mappings({"regression": config.get("regression")})):
        for old, new in RENAMED.items():
            if old in mapping:
                raise EdgememError(f"{where}: `{old}` is called `{new}` now; write {new}: {mapping[old]}")


def _models(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the models that say the same."""
    protocol = config.get("protocol")
    by_family = protocol if isinstance(protocol, dict) else dict.fromkeys(MODELS, protocol)
    models: dict[str, Any] = {}
    for family, name in by_family.items():
        entry = {"protocol": name} if name is not None else {}
        if "model_sizes" in config:
            entry["sizes"] = config["model_sizes"]
        models[MODELS.get(family, family)] = entry
    return models


def _mappings(values: Any) -> list[Mapping[str, Any]]:
    """Return the mappings among the values of a mapping."""
    return [value for value in values.values() if isinstance(value, Mapping)] if isinstance(values, Mapping) else []
