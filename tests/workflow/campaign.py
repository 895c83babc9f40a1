"""A tiny campaign in a folder of its own, and what one asks of it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from edgemem import pieces
from edgemem.config.file_list import CampaignFile, files_of
from edgemem.config.loading import read_campaign


ROOT = Path(__file__).parents[2]
PLUGINS = Path(__file__).parent / "plugins"
# Where each process of a test run has its server of forks, in the folder for programs' own files.
FORKS = f"forks-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
# All that a run needs of the repository.
PARTS = ("Snakefile", "config.yaml", "rules", "profiles", "envs", "src", "docs/templates", "docs/measured")

CONFIG = "tiny.yaml"
PROTOCOL = {
    "steps": 20,
    "draws": 21,
    "peak_lr": 6.0e-3,
    "final_lr": 6.0e-6,
    "warmup": 0.1,
    "clip_norm": 100,
    "update_ema": 0.99,
    "weighting": "eps",
    "initialization": "training_samples",
}
# Two settings, two seeds: four times sample, train, geometry and evaluate, then regress, four plots and a report. The
# settings differ in no shape, so that a program compiled for one serves the other.
SETTING, OTHER_SETTING = "gaussian_N10_d2_K2", "gaussian_N10_d2_K2_var2"
TINY: dict[str, Any] = {
    "campaign": "tiny",
    "seeds": [1, 2],
    "settings": [{"family": "gaussian", "N": 10, "d": 2, "K": 2, "variance": [1, 2]}],
    "models": {
        "mixture": {"sizes": {"coarse": 2, "fine": 1, "probe": 50}, "protocol": "tiny", "families": ["gaussian"]},
        "templates": None,
    },
    "protocols": {"tiny": PROTOCOL, "spare": PROTOCOL | {"steps": 30}},
    "sampling": {"times": 3},
    "evaluation": {"generated": 50, "threshold": "1/3", "draws": 2, "test_samples": 10},
    "regression": {"holdout": 0.5, "seed": 0},
    "figures": [
        {"figure": "losses", "time": 0.36},
        {"figure": "mechanism", "settings": [SETTING]},
        "prediction",
    ],
}
# What reruns after a stage, by the name of `Job.name`. The figure `mechanism` reads evaluations alone.
AFTER_PLOT = {"report": 1}
AFTER_REGRESS = {"plot losses": 2, "plot prediction": 1, **AFTER_PLOT}
AFTER_EVALUATE = {"regress": 1, "plot mechanism": 1, **AFTER_REGRESS}
AFTER_TRAIN = {"evaluate": 4, **AFTER_EVALUATE}
AFTER_SAMPLE = {"geometry": 4, "train": 4, **AFTER_TRAIN}
# The list of all files, which says what made each: it changes with the configuration alone.
FILES = {"files": 1}
ALL = {"sample": 4, **AFTER_SAMPLE, **FILES}


def trained_by(protocol: Mapping[str, Any], *sizes: int) -> dict[str, Any]:
    """Return what lets the tiny campaign train models of some sizes, 5 if none is given, by another protocol."""
    mixture = TINY["models"]["mixture"] | {"sizes": list(sizes or (5,)), "protocol": "other"}
    return {"models": TINY["models"] | {"mixture": mixture}, "protocols": TINY["protocols"] | {"other": dict(protocol)}}


class Job(NamedTuple):
    """A job that Snakemake ran or would run."""

    rule: str
    message: str
    wildcards: dict[str, str]
    reason: str
    input: list[str]
    output: list[str]
    log: list[str]
    benchmark: str
    threads: int
    command: str
    resources: dict[str, Any]

    @property
    def name(self) -> str:
        """The rule; of a plot also the figure that it draws."""
        drawn = re.search(r" edgemem plot (\w+) ", self.command)
        return f"plot {drawn[1]}" if drawn else self.rule

    @property
    def code(self) -> set[str]:
        """The source files among the inputs."""
        return {path for path in self.input if path.startswith("src/")}

    @property
    def spec(self) -> str:
        """What the job gives its stage after --spec, or on standard input."""
        found = re.search(r"--spec (?:- <<< )?'([^']*)'", self.command)
        assert found, f"no --spec in {self.command}"
        return found[1]


def count(jobs: Iterable[Job]) -> dict[str, int]:
    """Return how many jobs there are of each name."""
    return dict(Counter(job.name for job in jobs))


class Workflow:
    """The workflow in a folder: its configuration, its runs, its jobs."""

    def __init__(self, folder: Path, cache: Path):
        """**Arguments:** `folder`: a copy of the workflow; `cache`: where programs may keep their own files."""
        self.folder = folder
        self.forks = cache / FORKS
        python = Path(sys.executable).parent
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE")} | {
            "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
            # The copy's code runs, not the installed one.
            "PYTHONPATH": f"{folder / 'src'}{os.pathsep}{PLUGINS}",
            "XDG_CACHE_HOME": str(cache),
            # As jobs have them: libraries read them when they are imported, and jobs are forks.
            "JAX_PLATFORMS": "cpu",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            # What one test compiles need not be compiled by another.
            "JAX_COMPILATION_CACHE_DIR": str(cache / "jax"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JOBS_FILE": str(folder / "jobs.jsonl"),
        }

    @property
    def python(self) -> str:
        """A Python for what is not killed: one that starts at once, where the server of `forks` runs."""
        forking = self.forks / "python"
        return str(forking) if forking.exists() else sys.executable

    def __truediv__(self, path: str) -> Path:
        return self.folder / path

    def configure(self, **changes: Any) -> None:
        """Write the tiny campaign's configuration with other values of some top-level keys."""
        self.write(TINY | changes)

    def write(self, config: Mapping[str, Any]) -> None:
        """Write the campaign's configuration."""
        (self / CONFIG).write_text(yaml.safe_dump(dict(config), sort_keys=False))

    def files(self) -> list[CampaignFile]:
        """Return the files of the campaign as it is configured now."""
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            return files_of(read_campaign("config.yaml", CONFIG))
        finally:
            os.chdir(before)
            pieces.register([])  # the campaign's own are not those of the next test

    def path(self, kind: str, setting: str, seed: int = 1, model: str = "mixture") -> str:
        """Return the path of a file of the campaign by what the file is."""
        wanted = (kind, setting, seed, None if kind == "samples" else model)
        (path,) = (file.path for file in self.files() if (file.kind, file.setting, file.seed, file.model) == wanted)
        return path

    def command(self, *arguments: str) -> list[str]:
        """Return the words that start Snakemake on the campaign."""
        return [sys.executable, "-m", "snakemake", *arguments, "--configfile", CONFIG]

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake, and return its exit code and all it printed in `stdout`."""
        return subprocess.run(
            [self.python, *self.command(*arguments)[1:]],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def jobs(self, *arguments: str) -> list[Job]:
        """Return the jobs that a run with these arguments would do: a dry-run, unless there is `--cores`.

        A rule without a command, which only asks for files, is not among them.
        """
        file = self / "jobs.jsonl"
        file.unlink(missing_ok=True)
        dry = [] if "--cores" in arguments else ["--dry-run"]
        run = self.snakemake("--logger", "jobs", *dry, *arguments)
        assert run.returncode == 0, run.stdout
        lines = file.read_text().splitlines() if file.exists() else []
        renamed = {"rule_name": "rule", "rule_msg": "message", "shellcmd": "command"}
        jobs = [Job(**{renamed.get(key, key): value for key, value in json.loads(line).items()}) for line in lines]
        return [job for job in jobs if job.command]

    def pending(self, *arguments: str) -> dict[str, int]:
        """Return how many jobs of each name a run would do."""
        return count(self.jobs(*arguments))


def copy_parts(target: Path) -> None:
    """Copy the workflow out of the repository."""
    for part in PARTS:
        source, copy = ROOT / part, target / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy2(source, copy)


def copy_finished(finished: Path, target: Path) -> None:
    """Copy a finished campaign with the times of its files."""
    shutil.copytree(finished, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "jobs.jsonl"))
