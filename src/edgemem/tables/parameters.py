"""The parameters of a campaign, each with its value and its meaning."""

from collections.abc import Iterator

from edgemem.config.base import Model
from edgemem.config.report import ReportSpec
from edgemem.config.settings import AbstractSetting
from edgemem.pages import Table


def parameter_tables(spec: ReportSpec) -> Iterator[tuple[str, Table]]:
    """Yield the parts of the configuration, each with a title."""
    families: dict[str, list[AbstractSetting]] = {}
    for setting in spec.settings:
        families.setdefault(setting.family, []).append(setting)
    for family, settings in families.items():
        yield f"Settings of family `{family}`", _beside(settings)
    yield "Seeds", Table(["seeds", "meaning"], [[value(spec.seeds), "Each is a new data set and new models."]])
    sizes = spec.model_sizes
    if isinstance(sizes, list):
        yield "Model sizes", Table(["M", "meaning"], [[value(sizes), "Trained as they stand."]])
    else:
        yield "Model sizes", _one(sizes)
    for name, protocol in spec.training.items():
        trained = [family for family, settings in families.items() if spec.protocols[settings[0].name] == name]
        yield (
            f"Training protocol `{name}`, of family {' and '.join(f'`{family}`' for family in trained)}",
            _one(protocol),
        )
    yield "Times and sampler", _one(spec.sampling)
    yield "Evaluation", _one(spec.evaluation)
    yield "Regression", _one(spec.regression)


def options(model: Model) -> list[str]:
    """Return the keys of a model that can be chosen, with their values."""
    fields = {name: field for name, field in type(model).model_fields.items() if not field.exclude}
    return [f"{name} = {value(getattr(model, name))}" for name in fields if name != "figure"]


def value(found: object) -> str:
    """Return a value as one reads it."""
    if found is None:
        return "–"
    if isinstance(found, float):
        return f"{found:.6g}"
    if isinstance(found, list):
        return ", ".join(map(value, found))
    if isinstance(found, dict):
        return ", ".join(f"{name}: {value(one)}" for name, one in found.items()) or "–"
    return f"{found:,}" if isinstance(found, int) else str(found)


def _one(model: Model) -> Table:
    fields = type(model).model_fields.items()
    return Table(
        ["key", "value", "meaning"],
        [[f"`{name}`", value(getattr(model, name)), f.description or ""] for name, f in fields],
    )


def _beside(settings: list[AbstractSetting]) -> Table:
    """Return one row a setting."""
    keys = [name for name in type(settings[0]).model_fields if name != "family"]
    rows = [[f"`{setting.name}`", *(value(getattr(setting, key)) for key in keys)] for setting in settings]
    return Table(["setting", *keys], rows)
