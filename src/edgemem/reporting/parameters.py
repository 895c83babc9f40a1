"""The parameters of a campaign, each with its value and its meaning."""

from collections.abc import Iterator

from edgemem.config.base import Model
from edgemem.config.models import ModelEntry
from edgemem.config.report import ReportSpec
from edgemem.config.settings import AbstractSetting
from edgemem.config.study import TrainedModel
from edgemem.reporting.numbers import readable
from edgemem.reporting.pages import Table


def parameter_tables(spec: ReportSpec) -> Iterator[tuple[str, Table]]:
    """Yield the parts of the configuration, each with a title."""
    families: dict[str, list[AbstractSetting]] = {}
    for setting in spec.settings:
        families.setdefault(setting.family, []).append(setting)
    for family, settings in families.items():
        yield f"Settings of family `{family}`, with other keys at their defaults", _beside(settings)
    yield "Seeds", Table(["seeds", "meaning"], [[readable(spec.seeds), "Each is a new data set and new models."]])
    protocols: dict[str, list[str]] = {}
    for name, model in spec.models.items():
        yield f"Model `{name}`", _trained(spec, model)
        protocols.setdefault(model.protocol_name, []).append(name)
    for protocol, models in protocols.items():
        title = f"Training protocol `{protocol}`, of {' and '.join(f'`{model}`' for model in models)}"
        yield title, _one(spec.models[models[0]].protocol)
    yield "Times and sampler", _one(spec.sampling)
    yield "Evaluation", _one(spec.evaluation)
    yield "Regression", _one(spec.regression)


def options(model: Model) -> list[str]:
    """Return the keys of a model that can be chosen, with their values."""
    fields = {name: field for name, field in type(model).model_fields.items() if not field.exclude}
    return [f"{name} = {readable(getattr(model, name))}" for name in fields if name != "figure"]


def _trained(spec: ReportSpec, model: TrainedModel) -> Table:
    """Return what is trained under a name, and on which settings."""
    sizes = model.sizes
    rows = [
        ["`denoiser`", f"`{model.denoiser}`", _meaning("denoiser")],
        *([f"`{name}`", readable(value), "Option of the denoiser."] for name, value in model.options.items()),
        *(_one(sizes).rows if isinstance(sizes, Model) else [["`sizes`", readable(sizes), "Trained as they stand."]]),
        ["`snapshots`", readable(model.snapshots), _meaning("snapshots")],
        ["`protocol`", f"`{model.protocol_name}`", _meaning("protocol")],
    ]
    everywhere = len(model.settings) == len(spec.settings)
    trained = "all" if everywhere else ", ".join(f"`{setting}`" for setting in model.settings)
    return Table(["key", "value", "meaning"], [*rows, ["`settings`", trained, _meaning("settings")]])


def _meaning(key: str) -> str:
    """Return what the configuration says of a key of a model."""
    return ModelEntry.model_fields[key].description or ""


def _one(model: Model) -> Table:
    fields = type(model).model_fields.items()
    return Table(
        ["key", "value", "meaning"],
        [[f"`{name}`", readable(getattr(model, name)), f.description or ""] for name, f in fields],
    )


def _beside(settings: list[AbstractSetting]) -> Table:
    """Return one row a setting, with the axes that have no default and those that differ from it in some setting."""
    fields = type(settings[0]).model_fields
    shown = [
        axis
        for axis in settings[0].axes
        if fields[axis].is_required() or any(setting.axes[axis] != fields[axis].default for setting in settings)
    ]
    rows = [[f"`{setting.name}`", *(readable(setting.axes[axis]) for axis in shown)] for setting in settings]
    return Table(["setting", *shown], rows)
