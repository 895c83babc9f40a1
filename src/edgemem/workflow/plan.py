"""What the rules ask of a campaign: paths, specs, code inputs and resources of its jobs."""

import functools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgemem import pieces
from edgemem.config.campaign import Campaign
from edgemem.config.drawn import Plot
from edgemem.config.file_list import CampaignFile, files_of, plot_files
from edgemem.config.loading import load_campaign
from edgemem.errors import EdgememError
from edgemem.layout import PUBLISHING, RESULTS, STAGES, log_of, path_of
from edgemem.workflow import repair, resources
from edgemem.workflow.code_inputs import CodeInputs


Wildcards = Any
# Stages whose spec lets all keys of a campaign's files be computed, for which they look at every piece in use.
OF_STUDY = ("files", "report", "collect")


class Plan:
    """A campaign as the rules see it; most methods return what Snakemake calls with the wildcards of a job."""

    def __init__(self, config: Mapping[str, Any], files: Sequence[str], folder: Path):
        """Validate the configuration, and read which module imports which.

        **Arguments:** `config`: after all overlays; `files`: that it was merged from; `folder`: of the workflow.

        **Raises:** EdgememError with one line a problem.
        """
        self.campaign: Campaign = load_campaign(config, files)
        self.name = self.campaign.campaign
        self.folder = f"{RESULTS}/{self.name}"
        self._imports = CodeInputs(folder)
        self._code = functools.cache(lambda *modules: self._imports.of(*modules))
        self.all_files: list[CampaignFile] = files_of(self.campaign)
        self._paths = {(file.kind, file.setting, file.seed, file.model): file.path for file in self.all_files}
        self._plots = {Path(plot_files(self.name, *_names(plot))[0].path).stem: plot for plot in self.campaign.plots}

    # ------------------------------------------------------------------------------------------------------- the files

    def files(self, *kinds: str) -> list[str]:
        """Return the paths of all files of some kinds."""
        return [file.path for file in self.all_files if file.kind in kinds]

    def path(self, kind: str) -> str:
        """Return the path of a kind of file; what varies within a campaign is in braces."""
        return path_of(kind).replace("{campaign}", self.name)

    def of_job(self, kind: str) -> Callable[[Wildcards], str]:
        """Return the file of a kind that has the job's setting, seed and model."""

        def file(wildcards: Wildcards) -> str:
            setting, seed, model = self._case(wildcards)
            return self._paths[kind, setting, seed, None if kind == "samples" else model]

        return file

    def sources(self, wildcards: Wildcards) -> list[str]:
        """Return the files that a setting's data distribution is made of."""
        try:
            return [str(path) for path in self.campaign.sources(wildcards.setting)]
        except EdgememError as error:
            if not os.path.exists(self._paths["samples", wildcards.setting, int(wildcards.seed), None]):
                sys.exit(str(error))
            # Snakemake takes samples that are there as they are when a file they were made of is not.
            return [f"{RESULTS}/samples/{wildcards.setting}/no-sources"]

    def drawn_from(self, wildcards: Wildcards) -> list[str]:
        """Return the files that a figure reads: those of its setting and model of all seeds, or tables."""
        return self._read_by(self._plot(wildcards))

    def reported(self) -> list[str]:
        """Return the tables of the campaign, and the files that its figures read."""
        data = [path for plot in self.campaign.plots for path in self._read_by(plot)]
        return list(dict.fromkeys([*self.files("transition", "regression", "comparison"), *data]))

    def compared(self) -> list[str]:
        """Return the evaluations of all settings, seeds and models that the campaign compares."""
        return [
            self._paths["evaluations", setting, seed, model]
            for setting, model in self.campaign.compare_spec().compared
            for seed in self.campaign.seeds
        ]

    def _read_by(self, plot: Plot) -> list[str]:
        of_setting = [
            file.path
            for kind in plot.figure.reads
            for file in self.all_files
            if file.kind == kind and file.setting == plot.setting and file.model in (plot.model, None)
        ]
        tables = [self.path(kind) for kind in plot.figure.reads if "{" not in self.path(kind)]
        return of_setting + tables if plot.setting else tables

    def _plot(self, wildcards: Wildcards) -> Plot:
        return self._plots[wildcards.figure]

    def figure(self, wildcards: Wildcards) -> str:
        """Return the name of the figure that a job draws."""
        name: str = self._plot(wildcards).figure.figure
        return name

    def _case(self, wildcards: Wildcards) -> tuple[str, int, str | None]:
        """Return the setting, seed and model of a job; a file that is not of this campaign ends the run."""
        setting, seed, model = wildcards.setting, int(wildcards.seed), wildcards.get("model")
        key = wildcards.get("key")
        known = {self._paths.get((kind, setting, seed, model)) for kind in ("models", "evaluations", "sensitivity")}
        if key and not any(path and path.endswith(f"/{model}-{key}.nc") for path in known):
            sys.exit(
                f"campaign {self.name} has no file {setting}/seed{seed}/{model}-{key}.nc; "
                f"{self.folder}/files.csv lists those it has"
            )
        return setting, seed, model

    # ----------------------------------------------------------------------------------------------- what jobs are given

    def spec(self, stage: str) -> Callable[[Wildcards], str]:
        """Return the canonical JSON of what a job reads from the configuration."""

        def spec(wildcards: Wildcards) -> str:
            return self._spec(stage, wildcards).canonical()  # type: ignore[no-any-return]

        return spec

    def _spec(self, stage: str, wildcards: Wildcards) -> Any:
        if stage == "files":
            return self.campaign.study
        make = getattr(self.campaign, f"{stage}_spec")
        if stage == "plot":
            return make(*_names(self._plot(wildcards)))
        if wildcards.get("setting") is None:
            return make()
        setting, seed, model = self._case(wildcards)
        return make(setting, seed, *([model] if model else []))

    def code(self, stage: str) -> Callable[[Wildcards], list[str]]:
        """Return the source files that a job runs: its stage's imports, and its own family, denoiser and figures."""

        def files(wildcards: Wildcards) -> list[str]:
            modules = [
                pieces.module_name(kind, name, part)  # type: ignore[arg-type]
                for kind, name, part in self._pieces(stage, wildcards)
                if pieces.extension(kind, name) is None  # type: ignore[arg-type]
            ]
            return self._code(f"edgemem.stages.{stage}", *modules)  # type: ignore[no-any-return]

        return files

    def extensions(self, stage: str) -> Callable[[Wildcards], list[str]]:
        """Return the files of the user's own pieces that a job uses."""

        def files(wildcards: Wildcards) -> list[str]:
            used = {pieces.extension(kind, name) for kind, name, _ in self._pieces(stage, wildcards)}  # type: ignore[arg-type]
            if stage in OF_STUDY:
                used |= {pieces.extension("denoiser", model.denoiser) for model in self.campaign.study.models.values()}
            return sorted(str(path) for path in used if path)

        return files

    def _pieces(self, stage: str, wildcards: Wildcards) -> list[tuple[str, str, str]]:
        """Return kind, name and part of the pieces that a job loads."""
        row = (STAGES | PUBLISHING)[stage]
        setting, figures = wildcards.get("setting"), list[str]()
        families = list(dict.fromkeys(setting.family for setting in self.campaign.study.settings))
        if setting:
            families = [self.campaign.setting(setting).family]
        elif stage == "plot":
            plot = self._plot(wildcards)
            families = [self.campaign.setting(plot.setting).family] if plot.setting else []
            figures = [plot.figure.figure]
        elif stage == "report":
            figures = [figure.figure for figure in self.campaign.figures]
        parts = [
            (family, part)
            for family in families
            for part in row.family
            if part != "true_denoiser" or part in pieces.setting_class(family).provides
        ]
        denoisers = [self.campaign.study.models[wildcards.model].denoiser] if row.denoiser else []
        return [
            *(("family", family, part) for family, part in parts),
            *(("denoiser", denoiser, "") for denoiser in denoisers),
            *(("figure", figure, "") for figure in dict.fromkeys(figures)),
        ]

    # ---------------------------------------------------------------------------------------------- what jobs ask for

    def memory(self, stage: str) -> Callable[[Wildcards, int], int]:
        """Return the megabytes that a job asks for."""

        def megabytes(wildcards: Wildcards, attempt: int) -> int:
            if stage in ("sample", "train", "evaluate", "sensitivity"):
                function = getattr(resources, f"{stage}_memory")
                return function(*self._problem(stage, wildcards), attempt)  # type: ignore[no-any-return]
            settings, count = self._tables(wildcards)
            return resources.tables_memory(settings, count, self.campaign.sampling.times, attempt)

        return megabytes

    def minutes(self, stage: str) -> Callable[[Wildcards, int], int]:
        """Return the minutes that a job asks for."""

        def minutes(wildcards: Wildcards, attempt: int) -> int:
            if stage in ("sample", "train", "evaluate", "sensitivity"):
                function = getattr(resources, f"{stage}_minutes")
                return function(*self._problem(stage, wildcards), attempt)  # type: ignore[no-any-return]
            settings, count = self._tables(wildcards)
            return resources.tables_minutes(len(settings) * count, attempt)

        return minutes

    def _problem(self, stage: str, wildcards: Wildcards) -> tuple[Any, ...]:
        """Return what decides how much a job takes."""
        if stage == "sample":
            return (self.campaign.setting(wildcards.setting),)
        trained = self._spec("train", wildcards)
        return (trained,) if stage == "train" else (self._spec(stage, wildcards), trained)

    def _tables(self, wildcards: Wildcards) -> tuple[list[Any], int]:
        """Return the settings that a table or a figure reads, and how many evaluations of each."""
        settings = self.campaign.study.settings
        if wildcards.get("figure") and (name := self._plot(wildcards).setting):
            settings = [self.campaign.setting(name)]
        return settings, len(self.campaign.seeds) * len(self.campaign.study.models)

    # ------------------------------------------------------------------------------------------------ what disks have done

    def damaged(self) -> list[str]:
        """Return results to be made again: those that are cut off, and those that a repair has set aside."""
        paths = [file.path for file in self.all_files]
        return [*repair.truncated(paths), *repair.missing_after_repair(paths)]

    def notices(self) -> list[str]:
        """Return a line for all that a run would repair; looking changes nothing."""
        paths = [file.path for file in self.all_files]
        lines = [f"{path} is truncated: a run sets it aside and makes it again" for path in repair.truncated(paths)]
        if later := repair.future(paths):
            lines.append(f"{len(later)} results lie in the future, {later[0]} for one: a run dates them to the present")
        return lines

    def repair(self) -> None:
        """Repair what disks and clocks have done to results."""
        repair.repair([file.path for file in self.all_files], functools.partial(print, file=sys.stderr))

    def log(self, stage: str) -> str:
        """Return where a job prints; what varies within the campaign is in braces."""
        return log_of(stage).replace("{campaign}", self.name)

    def benchmark(self, stage: str) -> str:
        """Return where it stands what a job took."""
        return self.log(stage).replace("/logs/", "/benchmarks/").removesuffix(".log") + ".tsv"


def _names(plot: Plot) -> tuple[str, str | None, str | None]:
    """Return the names of a drawing's figure, setting and model."""
    return plot.figure.figure, plot.setting, plot.model
