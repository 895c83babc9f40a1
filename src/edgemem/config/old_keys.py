"""Keys of earlier configurations, which are refused with what to write instead."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import yaml


# What keys of protocols and of `regression` are called now.
RENAMED = {
    "peak_rate": "peak_lr",
    "final_rate": "final_lr",
    "relative_rates": "lr_multipliers",
    "quoted": "report_fractions",
}
# Earlier, each family had one denoiser; the name of a model with it, and the denoiser.
MODELS = {"gaussian": ("mixture", "isotropic_mixture"), "image": ("templates", "coloured_templates")}


def old_keys(config: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the path of each key of a merged configuration that is no more, and the text to write in its place."""
    if old := [key for key in ("model_sizes", "protocol") if key in config]:
        line = _line("models", _models(config))
        yield (old[0],), f"each model has its own sizes and protocol now; instead of {' and '.join(old)} write {line}"
    places: dict[tuple[str, ...], Any] = {("regression",): config.get("regression")}
    places |= {("protocols", name): values for name, values in _mapping(config.get("protocols")).items()}
    for path, values in places.items():
        for key, new in RENAMED.items():
            if key in _mapping(values):
                yield (*path, key), f"has another name now; write {_line(new, values[key])}"


def _line(key: str, value: Any) -> str:
    """Return a key and its value as a line of YAML."""
    return yaml.safe_dump({key: value}, default_flow_style=True, sort_keys=False, width=10_000).strip()[1:-1]


def _models(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return models that say what the sizes and the protocol of all models said."""
    protocol = config.get("protocol")
    by_family = protocol if isinstance(protocol, dict) else dict.fromkeys(MODELS, protocol)
    settings = config.get("settings")
    used = {_mapping(entry).get("family") for entry in settings} if isinstance(settings, list) else set()
    models = {}
    for family, (name, denoiser) in MODELS.items():
        if family in used:
            known = name in _mapping(config.get("models"))
            entry = {} if known else {"denoiser": denoiser, "families": [family]}
            values = {"sizes": config.get("model_sizes"), "protocol": by_family.get(family)}
            # Copies, since YAML writes what is the same object as an alias.
            models[name] = entry | {key: copy.copy(value) for key, value in values.items() if value is not None}
    return models


def _mapping(value: Any) -> Mapping[str, Any]:
    """Return a value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}
