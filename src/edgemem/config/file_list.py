"""All files that a campaign makes, each with its names: nobody else puts a path together or takes one apart."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from edgemem.config.study import Study
from edgemem.layout import CAMPAIGN, STAGES, benchmark_of, log_of, path_of


# A stage that lists files has no other part of a campaign among its imports.
if TYPE_CHECKING:
    from edgemem.config.campaign import Campaign


class Drawing(NamedTuple):
    """A drawing by its names: of the figure, and of the setting and the model that it is of, if any."""

    figure: str
    setting: str | None
    model: str | None


class FilesSpec(Study):
    """What the files stage reads: all that decides which files a campaign has."""

    sensitivity_keys: dict[str, str]
    """The key of the sensitivity files of each model."""
    barrier_keys: dict[str, str]
    """The key of the barriers files of each case from which paths begin, by `SETTING/MODEL`."""
    agreement_keys: dict[str, str]
    """The key of the agreements files of each case that is compared with its other part, by `SETTING/MODEL`."""
    drawings: list[Drawing]


class CampaignFile(NamedTuple):
    """A file of a campaign: the stage that makes it, its kind, its path, the name of its job, and what it is of."""

    stage: str
    kind: str
    path: str
    job: str
    setting: str | None = None
    seed: int | None = None
    model: str | None = None
    figure: str | None = None

    @property
    def label(self) -> str:
        """What the file is, in words: `evaluations of mixture on gaussian_N100_d30_K3, seed 1`."""
        what = self.kind
        if self.figure:
            width, _, form = self.kind.rpartition("_")
            what = f"figure {self.figure} as {form.upper()}" + (" for one column" if width else "")
        if self.model:
            what += f" of {self.model} on {self.setting}"
        elif self.setting:
            what += f" of {self.setting}"
        return what + (f", seed {self.seed}" if self.seed is not None else "")

    @property
    def log(self) -> str:
        """Path of what its job prints."""
        return log_of(self.stage, self.job)

    @property
    def benchmark(self) -> str:
        """Path of what its job took."""
        return benchmark_of(self.stage, self.job)


def _files(stage: str, **names: str | int) -> Iterator[CampaignFile]:
    """Yield the files of a job."""
    job = STAGES[stage].job.format(**names)
    own = {name: names[name] for name in ("setting", "seed", "model") if name in names}
    for kind in STAGES[stage].files:
        yield CampaignFile(stage, kind, path_of(kind).format(**names), job, **own)  # type: ignore[arg-type]


def study_files(study: Study) -> Iterator[CampaignFile]:
    """Yield the data, models and evaluations of a campaign."""
    for setting in study.by_name:
        for seed in study.seeds:
            yield from _files("sample", setting=setting, seed=seed)
    yield from _of_cases(study, "train", study.model_keys)
    for setting in study.by_name:
        for seed in study.seeds if setting in study.with_geometry else []:
            yield from _files("geometry", setting=setting, seed=seed, key=study.geometry_key)
    yield from _of_cases(study, "evaluate", study.evaluation_keys)


def _of_cases(study: Study, stage: str, keys: Mapping[str, str]) -> Iterator[CampaignFile]:
    """Yield the files of a stage that has a job for each setting, seed and model."""
    for case in study.cases if keys else []:
        for seed in study.seeds:
            yield from _files(stage, setting=case.setting.name, seed=seed, model=case.model, key=keys[case.model])


def sensitivity_files(study: Study, keys: Mapping[str, str]) -> Iterator[CampaignFile]:
    """Yield the sensitivity files of a campaign; none where no model has a key."""
    return _of_cases(study, "sensitivity", keys)


def barrier_files(study: Study, keys: Mapping[str, str]) -> Iterator[CampaignFile]:
    """Yield the barriers files of a campaign; none where no case has a key."""
    return _of_some_cases(study, "barrier", keys)


def agreement_files(study: Study, keys: Mapping[str, str]) -> Iterator[CampaignFile]:
    """Yield the agreements files of a campaign; none where no case has a key."""
    return _of_some_cases(study, "agreement", keys)


def _of_some_cases(study: Study, stage: str, keys: Mapping[str, str]) -> Iterator[CampaignFile]:
    """Yield the files of a stage that has a job for each seed of the cases that have a key."""
    for case in study.cases:
        for seed in study.seeds if case.name in keys else []:
            yield from _files(stage, setting=case.setting.name, seed=seed, model=case.model, key=keys[case.name])


def files_of(campaign: "Campaign") -> list[CampaignFile]:
    """Return all files of a campaign."""
    return listed_files(campaign.files_spec())


def listed_files(spec: FilesSpec) -> list[CampaignFile]:
    """Return all files of a campaign, in the order of the stages."""
    drawn = {drawing.figure for drawing in spec.drawings}
    found = [*study_files(spec), *sensitivity_files(spec, spec.sensitivity_keys)]
    found += [*barrier_files(spec, spec.barrier_keys), *agreement_files(spec, spec.agreement_keys)]
    for name, stage in STAGES.items():
        if name == "plot":
            for drawing in spec.drawings:
                found += plot_files(spec.campaign, *drawing)
        elif stage.job == CAMPAIGN and (stage.figure is None or stage.figure in drawn):
            found += _files(name, campaign=spec.campaign)
    return found


def plot_name(figure: str, setting: str | None, model: str | None) -> str:
    """Return the name of a drawing's files: that of the figure, and of what it is drawn for."""
    return "_".join(filter(None, (figure, setting, model)))


def plot_files(campaign: str, figure: str, setting: str | None, model: str | None) -> list[CampaignFile]:
    """Return the files of a drawing."""
    return [
        file._replace(setting=setting, model=model, figure=figure)
        for file in _files("plot", campaign=campaign, figure=plot_name(figure, setting, model))
    ]
