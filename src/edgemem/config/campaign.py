"""The campaign: all keys of `config.yaml`, validated before anything runs."""

import difflib
import itertools
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeAlias, Union, get_origin

import yaml
from pydantic import BeforeValidator, Field, ValidationError, create_model, field_validator, model_validator

from edgemem.config.base import KeyProblem, Model, Seed, explain, nearest, path_name
from edgemem.config.collect import CollectSpec
from edgemem.config.compare import CompareSpec
from edgemem.config.evaluate import EvaluateSpec, Evaluation
from edgemem.config.plot import FIGURES, Figure, PlotSpec, ProtocolsFigure, SensitivityFigure, SettingFigure
from edgemem.config.regress import Regression, RegressSpec
from edgemem.config.report import ReportSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.sampling import Sampling
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.config.settings import SETTINGS, AbstractSetting, Datasets, Setting
from edgemem.config.train import ModelSizes, Protocol, SizeGrid, TrainSpec
from edgemem.errors import EdgememError


# Folders of results that all campaigns share; a campaign cannot have their names.
SHARED = ("samples", "models", "evaluations", "sensitivity", "logs", "benchmarks")


class SettingGrid(Model):
    """An entry of `settings`; each key may be a list, and the entry stands for all combinations."""

    @cached_property
    def settings(self) -> list[Setting]:
        """The settings the entry stands for, in the order of the lists, the last key fastest."""
        values = self.model_dump()
        axes = [value if isinstance(value, list) else [value] for value in values.values()]
        scalar: Any = SETTINGS[values["family"]]
        return [scalar(**dict(zip(values, point, strict=True))) for point in itertools.product(*axes)]

    @model_validator(mode="after")
    def _every_point_is_a_setting(self) -> Self:
        try:
            self.settings  # noqa: B018  building them validates each combination
        except ValidationError as error:
            raise ValueError(explain(error)[0][1]) from None
        return self


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _grid_of(setting: type[AbstractSetting]) -> type[SettingGrid]:
    """Return the model of a `settings` entry: the setting's keys, each one value or a list of values."""
    keys: dict[str, Any] = {}
    for name, field in setting.model_fields.items():
        if get_origin(field.annotation) is Literal:
            keys[name] = (field.annotation, Field(description=field.description))
            continue
        one: Any = Annotated[(field.annotation, *field.metadata)]
        default = ... if field.is_required() else [field.default]
        many = Annotated[
            list[one], Field(min_length=1), BeforeValidator(_as_list, json_schema_input_type=one | list[one])
        ]
        keys[name] = (many, Field(default, description=field.description))
    return create_model(setting.__name__ + "Grid", __base__=SettingGrid, __doc__=setting.__doc__, **keys)


def _known_family(entry: object) -> object:
    if isinstance(entry, dict) and (family := entry.get("family")) not in SETTINGS:
        found = "no family is given" if family is None else f"there is no family '{family}'"
        raise KeyProblem(found + nearest(family, SETTINGS), "family")
    return entry


GRIDS = {family: _grid_of(setting) for family, setting in SETTINGS.items()}
if TYPE_CHECKING:
    SettingEntry: TypeAlias = SettingGrid
else:
    SettingEntry = Annotated[Union[tuple(GRIDS.values())], Field(discriminator="family")]  # noqa: UP007


def _named_figure(entry: object) -> object:
    """Let a figure's name stand for the figure with all its defaults."""
    entry = {"figure": entry} if isinstance(entry, str) else entry
    if isinstance(entry, dict) and (name := entry.get("figure")) not in FIGURES:
        found = "no figure is named" if name is None else f"there is no figure '{name}'"
        raise ValueError(found + nearest(name, FIGURES))
    return entry


class Campaign(Model):
    """One study: which data, which models, how measured, what drawn."""

    campaign: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="Name of the campaign, its folder under results/."
    )
    seeds: list[Seed] = Field(min_length=1, description="Seeds; each is a new data set and new models.")
    settings: list[Annotated[SettingEntry, BeforeValidator(_known_family)]] = Field(
        min_length=1, description="Data sets; each list-valued key of an entry is expanded as a grid."
    )
    model_sizes: ModelSizes = Field(SizeGrid(), description="Model sizes M: a grid, or a list of sizes.")
    protocol: str | dict[str, str] = Field(
        description="Name of the protocol with which models are trained, or one for each data family."
    )
    protocols: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")], Protocol] = Field(
        min_length=1, description="Training protocols by name."
    )
    sampling: Sampling = Field(Sampling(), description="Time grid and sampler.")
    evaluation: Evaluation = Field(Evaluation(), description="How trained models are measured.")
    datasets: Datasets = Field(Datasets(), description="Where data sets lie that do not come with this project.")
    regression: Regression = Field(Regression(), description="How predictions of the transition are judged.")
    figures: list[Annotated[Figure, BeforeValidator(_named_figure)]] = Field(
        description="Figures, each a name or a mapping with the figure's options."
    )

    @field_validator("campaign")
    @classmethod
    def _own_folder(cls, name: str) -> str:
        if name in SHARED:
            raise ValueError(f"'{name}' is a folder of results that campaigns share; choose another name")
        return name

    @field_validator("seeds")
    @classmethod
    def _distinct_seeds(cls, seeds: list[int]) -> list[int]:
        for i, seed in enumerate(seeds):
            if seed in seeds[:i]:
                raise KeyProblem(f"seed {seed} is already in the list", i)
        return seeds

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check_protocols()
        seen: dict[str, int] = {}
        for i, entry in enumerate(self.settings):
            for setting in entry.settings:
                if setting.name in seen:
                    raise KeyProblem(f"{setting.name} is already in settings[{seen[setting.name]}]", "settings", i)
                seen[setting.name] = i
        for i, figure in enumerate(self.figures):
            if figure.figure in [other.figure for other in self.figures[:i]]:
                raise KeyProblem(f"the figure '{figure.figure}' is already in the list", "figures", i)
            for name in getattr(figure, "settings", None) or []:
                if name not in seen:
                    raise KeyProblem(
                        f"the campaign has no setting '{name}'" + nearest(name, seen), "figures", i, "settings"
                    )
                if isinstance(figure, SettingFigure) and figure.pictures and not self.by_name[name].pictures:
                    shown = [name for name, setting in self.by_name.items() if setting.pictures]
                    raise KeyProblem(
                        f"the samples of {name} are no pictures (allowed: {', '.join(shown) or 'none'})",
                        *("figures", i, "settings"),
                    )
            if isinstance(figure, ProtocolsFigure):
                self._check_comparison(i, figure, seen)
            for t_min in getattr(figure, "t_min", []):
                if t_min >= self.sampling.t_max:
                    raise KeyProblem(
                        f"must be below sampling.t_max, {self.sampling.t_max:g} (got {t_min:g})", "figures", i, "t_min"
                    )
        for name, protocol in self.protocols.items():
            if isinstance(protocol.weighting, list) and (found := len(protocol.weighting)) != self.sampling.times:
                raise KeyProblem(
                    f"one lambda for each of the {self.sampling.times} times is needed (got {found})",
                    *("protocols", name, "weighting"),
                )
        return self

    def _check_protocols(self) -> None:
        """Check that every family of the campaign has a protocol, whose parameters are its own."""
        by_family = self.protocol if isinstance(self.protocol, dict) else dict.fromkeys(SETTINGS, self.protocol)
        for family, name in by_family.items():
            where = ("protocol", family) if isinstance(self.protocol, dict) else ("protocol",)
            if family not in SETTINGS:
                raise KeyProblem(f"there is no family '{family}'" + nearest(family, SETTINGS), *where)
            if name not in self.protocols:
                raise KeyProblem(f"there is no protocol '{name}'" + nearest(name, self.protocols), *where)
        for i, entry in enumerate(self.settings):
            family = entry.settings[0].family
            if family not in by_family:
                raise KeyProblem(
                    f"settings[{i}] is of the family '{family}', which has no protocol; "
                    f"add one, as in protocol: {{{family}: fast}}",
                    "protocol",
                )
            try:
                self.protocols[by_family[family]].check_parameters(SETTINGS[family])
            except ValueError as error:
                raise KeyProblem(
                    f"{error}; settings[{i}] is trained with this protocol",
                    *("protocols", by_family[family], "relative_rates"),
                ) from None

    def _check_comparison(self, i: int, figure: ProtocolsFigure, settings: Collection[str]) -> None:
        """Check that a comparison has protocols to compare, and one reference for each setting."""
        where = ("figures", i)
        if not figure.candidates:
            raise KeyProblem("at least one protocol to compare is needed", *where, "candidates")
        if len(self.seeds) < 2:
            raise KeyProblem("protocols are compared over several seeds (got one)", "seeds")
        for key, names in (("candidates", figure.candidates), ("references", figure.references)):
            for name in names:
                if name not in self.protocols:
                    raise KeyProblem(f"there is no protocol '{name}'" + nearest(name, self.protocols), *where, key)
        named = [name for names in figure.references.values() for name in names]
        for name in named:
            if name not in settings:
                raise KeyProblem(
                    f"the campaign has no setting '{name}'" + nearest(name, settings), *where, "references"
                )
        for name in settings:
            if named.count(name) != 1:
                raise KeyProblem(f"{name} needs one reference (got {named.count(name)})", *where, "references")

    @cached_property
    def by_name(self) -> dict[str, Setting]:
        """All settings of the campaign by name, in the order of the configuration."""
        return {setting.name: setting for entry in self.settings for setting in entry.settings}

    def setting(self, name: str) -> Setting:
        """Return a setting of the campaign.

        **Raises:** EdgememError that names the nearest one if there is none of this name.
        """
        try:
            return self.by_name[name]
        except KeyError:
            close = difflib.get_close_matches(name, self.by_name, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise EdgememError(f"campaign {self.campaign} has no setting '{name}'{hint}") from None

    def sources(self, setting: str) -> list[Path]:
        """Return the files that a setting's law is made of."""
        return self.setting(setting).sources(self.datasets)

    def figure(self, name: str) -> Figure:
        """Return the options of a figure of the campaign."""
        return next(entry for entry in self.figures if entry.figure == name)

    def figure_settings(self, figure: Figure) -> list[str | None]:
        """Return the names of the settings for which a figure is drawn; [None] for a figure over all of them."""
        if not isinstance(figure, SettingFigure):
            return [None]
        if figure.settings is not None:
            return list(figure.settings)
        return [name for name, setting in self.by_name.items() if setting.pictures or not figure.pictures]

    def protocol_of(self, setting: str) -> str:
        """Return the name of the protocol with which a setting's models are trained."""
        return self.protocol if isinstance(self.protocol, str) else self.protocol[self.setting(setting).family]

    def sample_spec(self, setting: str, seed: int) -> SampleSpec:
        """Return what the sample stage reads."""
        return SampleSpec(setting=self.setting(setting), seed=seed)

    def train_spec(self, setting: str, seed: int, protocol: str) -> TrainSpec:
        """Return what the train stage reads."""
        return TrainSpec(
            setting=self.setting(setting),
            seed=seed,
            protocol=self.protocols[protocol],
            model_sizes=self.model_sizes,
            time_grid=self.sampling.grid,
        )

    def evaluate_spec(self, setting: str, seed: int) -> EvaluateSpec:
        """Return what the evaluate stage reads."""
        return EvaluateSpec(
            setting=self.setting(setting), seed=seed, sampling=self.sampling, evaluation=self.evaluation
        )

    def regress_spec(self) -> RegressSpec:
        """Return what the regress stage reads."""
        return RegressSpec(
            campaign=self.campaign, settings=list(self.by_name.values()), seeds=self.seeds, regression=self.regression
        )

    def compare_spec(self) -> CompareSpec:
        """Return what the compare stage reads; only for a campaign with the figure `protocols`."""
        figure = self.figure("protocols")
        assert isinstance(figure, ProtocolsFigure)
        return CompareSpec(
            campaign=self.campaign,
            settings=list(self.by_name.values()),
            seeds=self.seeds,
            candidates={name: self.protocols[name] for name in figure.candidates},
            references={setting: name for name, settings in figure.references.items() for setting in settings},
        )

    def sensitivity_spec(self, setting: str, seed: int) -> SensitivitySpec:
        """Return what the sensitivity stage reads; it needs the figure `sensitivity` in the campaign."""
        figure = self.figure("sensitivity")
        assert isinstance(figure, SensitivityFigure)
        return SensitivitySpec(
            setting=self.setting(setting),
            seed=seed,
            generated=self.evaluation.generated,
            sampling=figure.variants(self.sampling),
            thresholds=list(dict.fromkeys([self.evaluation.threshold, *figure.thresholds])),
            points=sorted({*figure.points, self.evaluation.generated}),
        )

    def collect_spec(self) -> CollectSpec:
        """Return what the collect stage reads."""
        protocols = {name: self.protocol_of(name) for name in self.by_name}
        published = {setting.published_protocol for setting in self.by_name.values()}
        used = set(protocols.values())
        comparable = len(used) == len(published) == 1 and published <= self.protocols.keys()
        points, published_points = (
            (self.protocols[names.pop()].points for names in (used, published)) if comparable else (None, None)
        )
        return CollectSpec(
            campaign=self.campaign,
            seeds=self.seeds,
            protocols=protocols,
            points=points,
            published_points=published_points,
        )

    def report_spec(self) -> ReportSpec:
        """Return what the report stage reads."""
        collected = self.collect_spec()
        return ReportSpec(
            **dict(collected),
            settings=list(self.by_name.values()),
            model_sizes=self.model_sizes,
            training={name: self.protocols[name] for name in dict.fromkeys(collected.protocols.values())},
            sampling=self.sampling,
            evaluation=self.evaluation,
            regression=self.regression,
            figures=[
                self.plot_spec(entry.figure, setting)
                for entry in self.figures
                for setting in self.figure_settings(entry)
            ],
        )

    def plot_spec(self, figure: str, setting: str | None) -> PlotSpec:
        """Return what the plot stage reads."""
        return PlotSpec(figure=self.figure(figure), setting=setting)


def load_campaign(config: Mapping[str, Any], files: Sequence[str | Path]) -> Campaign:
    """Return the campaign of a merged configuration.

    **Arguments:** `config`: the configuration after all overlays; `files`: the YAML files it was merged from, the
    last one strongest. They are read again only to name the file in which a bad value stands.

    **Raises:** EdgememError with one line a problem: file, key, value found, what is allowed.
    """
    try:
        return Campaign.model_validate(dict(config))
    except ValidationError as error:
        contents = [(str(file), read_yaml(file)) for file in files]
        lines = []
        for raw_path, message in explain(error):
            path = _existing_path(config, raw_path)
            lines.append(f"{_source(config, contents, path)}: {path_name(path)}: {message}")
        raise EdgememError("\n".join(dict.fromkeys(lines))) from None


def read_campaign(*files: str | Path) -> Campaign:
    """Return the campaign of some YAML files, each laid over those before it, as Snakemake does with --configfile.

    **Raises:** EdgememError with one line a problem: file, key, value found, what is allowed.
    """
    config: dict[str, Any] = {}
    for file in files:
        config = _laid_over(config, read_yaml(file))
    return load_campaign(config, files)


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two configurations in one: mappings merge, anything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def read_yaml(file: str | Path) -> dict[str, Any]:
    """Return the keys of a configuration file.

    **Raises:** EdgememError if it cannot be read, is not YAML, or holds something other than keys and values.
    """
    try:
        content = yaml.safe_load(Path(file).read_text())
    except OSError as error:
        raise EdgememError(f"{file} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise EdgememError(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict | None):
        raise EdgememError(f"{file} must hold keys and values, as in `campaign: quick` (got {content!r})")
    return content or {}


def _existing_path(config: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Drop what validation added to a path: list indices of single values, names of union branches."""
    kept: list[str | int] = []
    for position, part in enumerate(path):
        last = position == len(path) - 1
        if _has(config, part):
            config = config[part]
        elif not (isinstance(config, dict) and last):  # a missing key is the last of its path, and stays
            continue
        kept.append(part)
    return tuple(kept)


def _has(value: Any, part: str | int) -> bool:
    """Return whether a mapping has a key, or a list an index."""
    return part in value if isinstance(value, dict) else isinstance(value, list) and part in range(len(value))


def _source(config: Any, contents: list[tuple[str, Any]], path: tuple[str | int, ...]) -> str:
    """Return the file from which the value at a path came, or the longest beginning of the path that is anywhere.

    A list comes as a whole from one file; a value that no file gives was given on the command line.
    """
    whole = next((end for end, part in enumerate(path) if isinstance(part, int)), len(path))
    for length in range(whole, 0, -1):
        beginning = path[:length]
        if not _holds(config, beginning):
            continue
        merged = _value(config, beginning)
        for file, content in reversed(contents):
            # Spelled out, NaN is equal to itself.
            if _holds(content, beginning) and (
                isinstance(merged, dict) or repr(_value(content, beginning)) == repr(merged)
            ):
                return file
        return "--config"
    return contents[0][0] if contents else "--config"


def _holds(content: Any, path: tuple[str | int, ...]) -> bool:
    """Return whether nested mappings and lists have a value at a path."""
    return not path or (_has(content, path[0]) and _holds(content[path[0]], path[1:]))


def _value(content: Any, path: tuple[str | int, ...]) -> Any:
    """Return the value at a path."""
    return _value(content[path[0]], path[1:]) if path else content
