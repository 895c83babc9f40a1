"""All files that a campaign makes, each with its names: nobody else puts a path together or takes one apart."""

from collections.abc import Iterator
from typing import NamedTuple

from edgemem.config.campaign import Campaign
from edgemem.config.study import Study
from edgemem.layout import STAGES, benchmark_of, log_of, path_of


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
        what = f"figure {self.figure} as {self.kind.upper()}" if self.figure else self.kind
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


def _files(stage: str, kind: str | None = None, **names: str | int) -> Iterator[CampaignFile]:
    """Yield the files of a job, or the one of a kind."""
    job = STAGES[stage].job.format(**names)
    own = {name: names[name] for name in ("setting", "seed", "model") if name in names}
    for each in [kind] if kind else STAGES[stage].files:
        yield CampaignFile(stage, each, path_of(each).format(**names), job, **own)  # type: ignore[arg-type]


def study_files(study: Study) -> Iterator[CampaignFile]:
    """Yield the data, models and evaluations of a campaign."""
    for setting in study.by_name:
        for seed in study.seeds:
            yield from _files("sample", setting=setting, seed=seed)
    for stage, keys in (("train", study.model_keys), ("evaluate", study.evaluation_keys)):
        for case in study.cases:
            for seed in study.seeds:
                yield from _files(stage, setting=case.setting.name, seed=seed, model=case.model, key=keys[case.model])


def files_of(campaign: Campaign) -> list[CampaignFile]:
    """Return all files of a campaign, in the order of the stages."""
    name = campaign.campaign
    found = list(study_files(campaign.study))
    for case in campaign.cases if campaign.sensitivity_keys else []:
        for seed in campaign.seeds:
            key = campaign.sensitivity_keys[case.model]
            found += _files("sensitivity", setting=case.setting.name, seed=seed, model=case.model, key=key)
    tables = ["regress", *(["compare"] if campaign.has_figure("protocols") else []), "files"]
    found += [file for stage in tables for file in _files(stage, campaign=name)]
    found += [file for plot in campaign.plots for file in plot_files(name, plot[0].figure, plot[1], plot[2])]
    return [*found, *_files("report", campaign=name)]


def plot_files(campaign: str, figure: str, setting: str | None, model: str | None) -> list[CampaignFile]:
    """Return the files of a figure, which is named by what it is drawn for."""
    name = "_".join(filter(None, (figure, setting, model)))
    return [
        file._replace(setting=setting, model=model, figure=figure)
        for file in _files("plot", campaign=campaign, figure=name)
    ]
