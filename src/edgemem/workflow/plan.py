"""What the rules ask of a campaign: the paths, specs and inputs of its jobs."""

import difflib
import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgemem.config.agreement import PARTS
from edgemem.config.campaign import Campaign
from edgemem.config.drawn import Plot
from edgemem.config.file_list import CampaignFile, files_of, plot_name
from edgemem.config.loading import load_campaign
from edgemem.config.overlays import check_overlays
from edgemem.errors import EdgememError
from edgemem.layout import OF_DATA, RESULTS, STAGES, benchmark_of, log_of, path_of
from edgemem.workflow import repair
from edgemem.workflow.code_inputs import CodeInputs
from edgemem.workflow.pieces_of_jobs import Piece, extension_files, modules, pieces_of_campaign, pieces_of_job
from edgemem.workflow.requests import Requests


Wildcards = Any


class Plan:
    """A campaign as the rules see it; most methods return what Snakemake calls with the wildcards of a job."""

    def __init__(self, config: Mapping[str, Any], files: Sequence[str], folder: Path):
        """Validate the configuration, and read which module imports which.

        **Arguments:** `config`: after all overlays; `files`: that it was merged from; `folder`: of the workflow.

        **Raises:** EdgememError with one line a problem.
        """
        self.campaign: Campaign = load_campaign(config, files)
        check_overlays(self.campaign, files)
        self.name = self.campaign.campaign
        self.folder = f"{RESULTS}/{self.name}"
        self._imports = CodeInputs(folder)
        self._files: list[CampaignFile] = files_of(self.campaign)
        self._paths = {(file.kind, file.setting, file.seed, file.model): file.path for file in self._files}
        self._plots = {plot_name(plot.figure.figure, plot.setting, plot.model): plot for plot in self.campaign.plots}
        self._requests = Requests(self.campaign)

    # --- files

    def path(self, kind: str) -> str:
        """Return the path of a kind of file; what varies within a campaign is in braces."""
        return path_of(kind).replace("{campaign}", self.name)

    def log(self, stage: str) -> str:
        """Return where a job prints; what varies within the campaign is in braces."""
        return log_of(stage).replace("{campaign}", self.name)

    def benchmark(self, stage: str) -> str:
        """Return where it stands what a job took."""
        return benchmark_of(stage).replace("{campaign}", self.name)

    def files(self, *kinds: str) -> list[str]:
        """Return the paths of all files of some kinds."""
        return [file.path for file in self._files if file.kind in kinds]

    def own_files(self) -> list[str]:
        """Return the paths of all files in the campaign's own folder."""
        return [file.path for file in self._files if file.path.startswith(f"{self.folder}/")]

    def of_job(self, kind: str) -> Callable[[Wildcards], str]:
        """Return the file of a kind that has the job's setting, seed and model."""

        def file(wildcards: Wildcards) -> str:
            return self._path(kind, *self._case(wildcards))

        return file

    def geometry(self, wildcards: Wildcards) -> list[str]:
        """Return the geometry file that an evaluation takes over, none if its model has no components."""
        provides = self.campaign.study.models[wildcards.model].provides
        return [self.of_job("geometry")(wildcards)] if "components" in provides else []

    def of_other_part(self, kind: str) -> Callable[[Wildcards], str]:
        """Return the file of a kind that has the other part of the samples, and the job's seed and model."""

        def file(wildcards: Wildcards) -> str:
            setting, seed, model = self._case(wildcards)
            other = self.campaign.setting(setting).of_part(PARTS[1]).name
            return self._path(kind, other, seed, model)

        return file

    def models_at_the_end(self, wildcards: Wildcards) -> str:
        """Return the models file in which the paths of a barrier job end."""
        setting, seed, _ = self._case(wildcards)
        return self._paths["models", setting, seed, self.campaign.figure("barrier").to]

    def sources(self, wildcards: Wildcards) -> list[str]:
        """Return the files that a setting's data distribution is made of."""
        try:
            return [str(path) for path in self.campaign.sources(wildcards.setting)]
        except EdgememError as error:
            if not Path(self.of_job("samples")(wildcards)).exists():
                sys.exit(str(error))
            # Snakemake takes samples that are there as they are when a file they were made of is not.
            return [f"{RESULTS}/samples/{wildcards.setting}/no-sources"]

    def page_folder(self, wildcards: Wildcards, output: Any) -> str:
        """Return the folder of a page that is collected."""
        return str(Path(output.page).parent)

    def drawn_from(self, wildcards: Wildcards) -> list[str]:
        """Return the files that a figure reads: those of its setting and model of all seeds, and tables."""
        return self._read_by(self._plot(wildcards))

    def reported(self) -> list[str]:
        """Return the tables of the campaign, and the files that its figures read."""
        data = [path for plot in self.campaign.plots for path in self._read_by(plot)]
        return list(dict.fromkeys([*self.files("transition", "regression", "comparison"), *data]))

    def read_by_figures(self, kind: str) -> list[str]:
        """Return the files of a kind that figures read: of what only they ask for, no others are made."""
        plots = [plot for plot in self.campaign.plots if kind in plot.figure.reads]
        return list(dict.fromkeys(path for plot in plots for path in self._of_plot(kind, plot)))

    def compared(self) -> list[str]:
        """Return the evaluations of all settings, seeds and models that the campaign compares."""
        return [
            self._paths["evaluations", setting, seed, model]
            for setting, model in self.campaign.compare_spec().compared
            for seed in self.campaign.seeds
        ]

    def _read_by(self, plot: Plot) -> list[str]:
        return [path for kind in plot.figure.reads for path in self._of_plot(kind, plot)]

    def _of_plot(self, kind: str, plot: Plot) -> list[str]:
        if (kind, None, None, None) in self._paths:
            return [self._paths[kind, None, None, None]]
        return [self._path(kind, plot.setting, seed, plot.model) for seed in self.campaign.seeds]

    def _path(self, kind: str, setting: str | None, seed: int, model: str | None) -> str:
        """Return the file of a kind; a model is no part of the names of what none has a part in."""
        return self._paths[kind, setting, seed, None if kind in OF_DATA else model]

    def _case(self, wildcards: Wildcards) -> tuple[str, int, str | None]:
        """Return the setting, seed and model of a job; a file that is not of this campaign ends the run."""
        setting, seed, model = wildcards.setting, int(wildcards.seed), wildcards.get("model")
        if key := wildcards.get("key"):
            kinds = [kind for stage in STAGES.values() for kind in stage.files]
            known = [self._paths.get((kind, setting, seed, model), "") for kind in kinds]
            name = f"seed{seed}-{key}.nc" if model is None else f"seed{seed}/{model}-{key}.nc"
            if not any(path.endswith(f"/{name}") for path in known):
                sys.exit(
                    f"campaign {self.name} has no {setting}/{name}; {self.path('files')} lists the files that it has"
                )
        return setting, seed, model

    def _plot(self, wildcards: Wildcards) -> Plot:
        """Return the drawing of a job; one that is not of this campaign ends the run."""
        if (name := wildcards.figure) not in self._plots:
            alike = [other for other in self._plots if other.startswith(name)]
            alike += difflib.get_close_matches(name, self._plots, n=1)
            meant = f"; did you mean '{alike[0]}'?" if alike else ""
            sys.exit(f"campaign {self.name} has no figure '{name}'{meant} ({self.path('files')} lists all)")
        return self._plots[name]

    # --- what jobs are given

    def figure(self, wildcards: Wildcards) -> str:
        """Return the name of the figure that a job draws."""
        name: str = self._plot(wildcards).figure.figure
        return name

    def spec(self, stage: str) -> Callable[[Wildcards], str]:
        """Return the canonical JSON of what a job reads from the configuration."""

        def spec(wildcards: Wildcards) -> str:
            found: str = self._spec(stage, wildcards).canonical()
            return found

        return spec

    def _spec(self, stage: str, wildcards: Wildcards) -> Any:
        if stage == "plot":
            plot = self._plot(wildcards)
            return self.campaign.plot_spec(plot.figure.figure, plot.setting, plot.model)
        make = getattr(self.campaign, f"{stage}_spec")
        if wildcards.get("setting") is None:
            return make()
        setting, seed, model = self._case(wildcards)
        return make(setting, seed, model) if model else make(setting, seed)

    def code(self, stage: str) -> Callable[[Wildcards], list[str]]:
        """Return the source files that a job runs: its stage's imports, and its own family, denoiser and figures."""
        imported = functools.cache(self._imports.of)
        return lambda wildcards: imported(f"edgemem.stages.{stage}", *modules(self._pieces(stage, wildcards)))

    def extensions(self, stage: str) -> Callable[[Wildcards], list[str]]:
        """Return the files of the user's own pieces that a job uses."""
        return lambda wildcards: extension_files(self._pieces(stage, wildcards))

    def _pieces(self, stage: str, wildcards: Wildcards) -> list[Piece]:
        plot = self._plot(wildcards) if wildcards.get("figure") else Plot(None)
        setting = wildcards.get("setting") or plot.setting
        if plot.figure is None and setting is None:
            return pieces_of_campaign(stage, self.campaign)
        return pieces_of_job(stage, self.campaign, setting, wildcards.get("model"), plot.figure)

    # --- what jobs ask for

    def memory(self, stage: str) -> Callable[[Wildcards, int], int]:
        """Return the megabytes that a job asks for."""
        return lambda wildcards, attempt: self._requests.memory(stage, *self._problem(stage, wildcards), attempt)

    def minutes(self, stage: str) -> Callable[[Wildcards, int], int]:
        """Return the minutes that a job asks for."""
        return lambda wildcards, attempt: self._requests.minutes(stage, *self._problem(stage, wildcards), attempt)

    def _problem(self, stage: str, wildcards: Wildcards) -> tuple[str | None, int | None, str | None]:
        """Return the setting, seed and model of a job, None where it is of all."""
        if wildcards.get("figure"):
            return self._plot(wildcards).setting, None, None
        return self._case(wildcards) if wildcards.get("setting") else (None, None, None)

    def last_lines(self) -> str:
        """Return where the results of a run are: figures, and the report if no table is newer than it."""
        lines = []
        if any(Path(path).exists() for path in self.files("png", "pdf")):
            lines.append(f"Figures: {self.folder}/figures")
        report, metrics = Path(self.path("report")), Path(self.path("metrics"))
        if report.exists() and not (metrics.exists() and metrics.stat().st_mtime > report.stat().st_mtime):
            lines.append(f"Report:  {report}")
        return "\n".join(lines)

    # --- what disks have done

    def damaged(self) -> list[str]:
        """Return results to be made again: those that are cut off, and those that a repair has set aside."""
        paths = [file.path for file in self._files]
        return [*repair.truncated(paths), *repair.missing_after_repair(paths)]

    def notices(self) -> list[str]:
        """Return a line for all that a run would repair; looking changes nothing."""
        paths = [file.path for file in self._files]
        lines = [f"{path} is truncated: a run sets it aside and makes it again" for path in repair.truncated(paths)]
        if later := repair.future(paths):
            lines.append(f"{len(later)} results lie in the future, {later[0]} for one: a run dates them to the present")
        return lines

    def repair(self) -> None:
        """Repair what disks and clocks have done to results."""
        repair.repair([file.path for file in self._files], functools.partial(print, file=sys.stderr))
