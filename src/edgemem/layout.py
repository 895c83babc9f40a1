"""The stages and where their files lie: the one table that the command line, rules, status and versions read.

A stage's name is that of its rule, of its command, of its module in `edgemem.stages`, of the campaign's method that
returns its spec (`train_spec`); where a job is of one seed, also of the functions of its memory and minutes in
`edgemem.workflow.resources`.
"""

from typing import NamedTuple


RESULTS = "results"
SETTING = "{setting}/seed{seed}"
MEASURED = SETTING + "-{key}"
CASE = SETTING + "/{model}-{key}"


class Stage(NamedTuple):
    """A step from the configuration to the report.

    **Arguments:** `summary`: what it does, for the command line; `job`: what one of its jobs is called in the folders
    of logs and benchmarks; `files`: paths of what it makes below `results/`, each by its kind, the main one first;
    `output`: the argument of the command that names the first file; `family`: parts of a family's folder that it loads;
    `denoiser`: whether it loads the denoiser; `figure`: the figure without which a campaign has no such job.
    """

    summary: str
    job: str
    files: dict[str, str]
    output: str = "output"
    family: tuple[str, ...] = ("setting",)
    denoiser: bool = False
    figure: str | None = None


CAMPAIGN = "{campaign}"
# Kinds of files that no model has a part in.
OF_DATA = ("samples", "geometry")
STAGES = {
    "sample": Stage(
        "draw the training and test samples of one setting and seed",
        SETTING,
        {"samples": "samples/" + SETTING + ".nc"},
        family=("setting", "data"),
    ),
    "train": Stage(
        "train a model of all sizes on one set of samples",
        CASE,
        {"models": "models/" + CASE + ".nc"},
        family=("setting", "data"),
        denoiser=True,
    ),
    "geometry": Stage(
        "measure the geometry of training samples: at which times and model sizes points become copies",
        MEASURED,
        {"geometry": "geometry/" + MEASURED + ".nc"},
    ),
    "evaluate": Stage(
        "measure losses, memorization and distances of trained models",
        CASE,
        {"evaluations": "evaluations/" + CASE + ".nc"},
        family=("setting", "data", "true_denoiser"),
        denoiser=True,
    ),
    "sensitivity": Stage(
        "generate points again in other ways and find the transition by other criteria",
        CASE,
        {"sensitivity": "sensitivity/" + CASE + ".nc"},
        denoiser=True,
        figure="sensitivity",
    ),
    "barrier": Stage(
        "follow the training loss along paths between two models",
        CASE,
        {"barriers": "barriers/" + CASE + ".nc"},
        denoiser=True,
        figure="barrier",
    ),
    "agreement": Stage(
        "compare models trained on different samples at points from the same noise",
        CASE,
        {"agreements": "agreements/" + CASE + ".nc"},
        denoiser=True,
        figure="agreement",
    ),
    "regress": Stage(
        "find the transitions of a campaign and compare them with predictions",
        CAMPAIGN,
        {
            "transition": CAMPAIGN + "/transition.nc",
            "regression": CAMPAIGN + "/regression.nc",
            "metrics": CAMPAIGN + "/metrics.json",
        },
        output="transition",
    ),
    "compare": Stage(
        "compare training protocols with a reference",
        CAMPAIGN,
        {"comparison": CAMPAIGN + "/protocols.nc", "table": CAMPAIGN + "/protocols.md"},
        output="comparison",
        figure="protocols",
    ),
    "files": Stage("list all files of a campaign with what made them", CAMPAIGN, {"files": CAMPAIGN + "/files.csv"}),
    "plot": Stage(
        "draw one figure",
        CAMPAIGN + "/{figure}",
        {
            "pdf": CAMPAIGN + "/figures/{figure}.pdf",
            "png": CAMPAIGN + "/figures/{figure}.png",
            "csv": CAMPAIGN + "/figures/{figure}.csv",
            # In a folder of their own: they are many, and LaTeX takes one width or the other by its graphicspath.
            "column_pdf": CAMPAIGN + "/figures/column/{figure}.pdf",
            "column_png": CAMPAIGN + "/figures/column/{figure}.png",
        },
        output="out",
    ),
    "report": Stage(
        "show a finished campaign in one page; with --partial, one that still runs",
        CAMPAIGN,
        {"report": CAMPAIGN + "/report.html"},
        output="out",
    ),
}
# What `report --partial` shows of a campaign that runs: no result, and no job makes it.
PARTIAL = CAMPAIGN + "/partial"
# What brings results into the documentation; asked for by name.
PUBLISHING = {
    "collect": Stage(
        "collect the figures, summary metrics and costs of a finished campaign for the documentation",
        CAMPAIGN,
        {},
        output="out",
    ),
    "claims": Stage("judge the claims of the paper by the collected numbers", "claims", {}, output="page", family=()),
    "publish": Stage(
        "put a table and a figure into a page of the documentation", CAMPAIGN, {}, output="page", family=()
    ),
    "pages": Stage(
        "write the pages of the documentation from templates and numbers", "pages", {}, output="pages", family=()
    ),
}
# The pages that are made from a template and numbers alone, each from the template of its name.
TEMPLATES = "docs/templates"
PAGES = (
    "README.md",
    "docs/configuration.md",
    "docs/failures.md",
    "docs/gpus.md",
    "docs/growth.md",
    "docs/outputs.md",
    "docs/performance.md",
    "docs/slurm.md",
    "docs/using-the-data.md",
    "docs/verdicts.md",
    "docs/versions.md",
)
# Files in which their numbers stand; `reporting/page_numbers.py` has the templates' names for them.
NUMBERS = ("config.yaml", "docs/measured/*.json", "docs/results/*/metrics.json")
# The campaigns whose collected results the claims of the paper are judged by.
CLAIMED = ("paper", "paper-seeds", "paper-figures", "refute", "images", "starts", "weights", "copies")
# The campaign by which claims on training times are judged, once its results are collected.
TIMED = "time"
# The campaigns by which claims on random features are judged, once all of them are collected: one of exact losses, two
# of points generated by DDIM and by DDPM.
SOLVED = ("random-features-losses", "random-features", "random-features-ddpm")
# Commands that look at campaigns, or put them in order.
COMMANDS = {
    "run": "run a campaign, and say of each job why it runs",
    "plan": "say what a campaign would cost, before anything runs",
    "status": "say what of a campaign is done, running, failed and to do",
    "lineage": "say what a file was made of, from what it carries",
    "repair": "set aside results that were cut off, and date those of the future to the present",
    "prune": "list, and remove when told to, results that no campaign refers to",
    "version": "save, compare and share versions of results",
}
# Folders of results that all campaigns share; a campaign cannot have their names.
_shared = [path for stage in STAGES.values() for path in stage.files.values() if SETTING in path]
SHARED_FOLDERS = (*dict.fromkeys(path.partition("/")[0] for path in _shared), "logs", "benchmarks")


def path_of(kind: str) -> str:
    """Return the path of a kind of file, with its wildcards in braces."""
    return next(f"{RESULTS}/{stage.files[kind]}" for stage in STAGES.values() if kind in stage.files)


def log_of(stage: str, job: str = "") -> str:
    """Return the path of what a job prints; of a job that is not named with its wildcards in braces."""
    return f"{RESULTS}/logs/{stage}/{job or (STAGES | PUBLISHING)[stage].job}.log"


def benchmark_of(stage: str, job: str = "") -> str:
    """Return the path of what a job took; of a job that is not named with its wildcards in braces."""
    return f"{RESULTS}/benchmarks/{stage}/{job or (STAGES | PUBLISHING)[stage].job}.tsv"
