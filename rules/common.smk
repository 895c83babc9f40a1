"""The campaign, and what the rules ask of it: the only file of the workflow that holds functions."""

import functools
import os
import re
import sys
from pathlib import Path

from edgemem.code_inputs import CodeInputs
from edgemem.config import needs
from edgemem.config.campaign import load_campaign, read_yaml
from edgemem.config.plot import FIGURES
from edgemem.errors import EdgememError
from edgemem.mending import date_now, set_aside_truncated

try:
    # Snakemake's own message for a broken file does not say which one it is.
    read_yaml("config.yaml")
except EdgememError as error:
    # One clear message: a traceback through the workflow would bury it.
    sys.exit(str(error))


configfile: "config.yaml"


try:
    CAMPAIGN = load_campaign(
        config,
        [os.path.relpath(file) for file in [*workflow.configfiles, *workflow.overwrite_configfiles]],
    )
    CODE = CodeInputs(Path(workflow.basedir))
except EdgememError as error:
    sys.exit(str(error))

RESULTS = "results"
CAMPAIGN_RESULTS = f"{RESULTS}/{CAMPAIGN.campaign}"
# The campaigns whose results the paper's claims are judged by, in the order of the command `claims`.
CLAIMED = ("paper", "paper-seeds", "paper-figures", "refute", "images")
COMPARES_PROTOCOLS = any(entry.figure == "protocols" for entry in CAMPAIGN.figures)


# For the jobs: the Python that runs this workflow, also where its environment is not activated; the workflow's own
# code; and programs compiled by one job kept for the next. (XLA takes NPROC for the number of cores; the rules set it,
# since `threads` alone bounds nothing.)
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]),
    PYTHONPATH=str(Path(workflow.basedir) / "src"),
)
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.abspath(f"{RESULTS}/.jax-cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


# Not the names of all settings: Snakemake reads a constraint again for every file, which took as long as all the rest.
wildcard_constraints:
    setting="[^/]+",
    seed=r"\d+",
    protocol="|".join(map(re.escape, CAMPAIGN.protocols)),
    figure="|".join(FIGURES),


def each_setting_and_seed(pattern, settings=None):
    """Return a path for each setting and seed of the campaign, or of some of its settings."""
    return [
        pattern.format(setting=setting, seed=seed, protocol=CAMPAIGN.protocol_of(setting))
        for setting in (CAMPAIGN.by_name if settings is None else settings)
        for seed in CAMPAIGN.seeds
    ]


def mend(*files):
    """Date back results that lie in the future, and return those to be made again because they were cut off."""
    if not workflow.is_main_process:
        return []
    say = functools.partial(print, file=sys.stderr)
    try:
        date_now(files, say)
        return set_aside_truncated([file for file in files if file.endswith(".nc")], say)
    except (EdgememError, OSError) as error:
        sys.exit(str(error))


def campaign_figures(*extensions):
    """Return the figures of the campaign."""
    return [
        f"{CAMPAIGN_RESULTS}/figures/{entry.figure}{f'_{setting}' if setting else ''}.{extension}"
        for entry in CAMPAIGN.figures
        for setting in CAMPAIGN.figure_settings(entry)
        for extension in extensions
    ]


def campaign_tables():
    """Return the tables of the campaign."""
    names = ["transition.nc", "regression.nc", "metrics.json"]
    if COMPARES_PROTOCOLS:
        names += ["protocols.nc", "protocols.md"]
    return [f"{CAMPAIGN_RESULTS}/{name}" for name in names]


def campaign_files():
    """Return all that a campaign makes."""
    return [*campaign_tables(), *campaign_figures("pdf", "png")]


def sample_spec(wildcards):
    return CAMPAIGN.sample_spec(wildcards.setting, int(wildcards.seed)).canonical()


def sources(wildcards):
    """Return the files that a setting's law is made of."""
    try:
        return [str(path) for path in CAMPAIGN.sources(wildcards.setting)]
    except EdgememError as error:
        if not os.path.exists(f"{RESULTS}/samples/{wildcards.setting}/seed{wildcards.seed}.nc"):
            sys.exit(str(error))
        # Snakemake takes samples that are there as they are when a file they were made of is not.
        return [f"{RESULTS}/samples/{wildcards.setting}/no-sources"]


def train_spec(wildcards):
    return CAMPAIGN.train_spec(wildcards.setting, int(wildcards.seed), wildcards.protocol).canonical()


def evaluate_spec(wildcards):
    return CAMPAIGN.evaluate_spec(wildcards.setting, int(wildcards.seed)).canonical()


def sensitivity_spec(wildcards):
    return CAMPAIGN.sensitivity_spec(wildcards.setting, int(wildcards.seed)).canonical()


def compare_spec(wildcards):
    return CAMPAIGN.compare_spec().canonical()


def compared(pattern):
    """Return the files of all settings, seeds and protocols that the campaign compares, references included."""

    def files(wildcards):
        spec = CAMPAIGN.compare_spec()
        return [
            pattern.format(setting=setting.name, seed=seed, protocol=protocol)
            for setting in spec.settings
            for seed in spec.seeds
            for protocol in dict.fromkeys([spec.references[setting.name], *spec.candidates])
        ]

    return files


def collect_folder(wildcards, output):
    return os.path.dirname(output.page)


def plot_spec(wildcards):
    return CAMPAIGN.plot_spec(wildcards.figure, wildcards.get("setting")).canonical()


def plot_code(wildcards):
    return CODE.of("edgemem.stages.plot", f"edgemem.figures.{wildcards.figure}")


def plot_data(wildcards):
    return figure_data(wildcards.figure, wildcards.get("setting"))


def figure_data(figure, setting):
    """Return the files that a figure reads: those of its setting's seeds, and tables of the campaign."""
    makers = {
        "samples": rules.sample,
        "models": rules.train,
        "evaluations": rules.evaluate,
        "sensitivity": rules.sensitivity,
    }
    of_seeds = {
        kind: each_setting_and_seed(rule.output[0], [setting] if setting else []) for kind, rule in makers.items()
    }
    files = of_seeds | {
        "transition": [f"{CAMPAIGN_RESULTS}/transition.nc"],
        "regression": [f"{CAMPAIGN_RESULTS}/regression.nc"],
        "comparison": [f"{CAMPAIGN_RESULTS}/protocols.nc"],
    }
    return [file for kind in CAMPAIGN.figure(figure).reads for file in files[kind]]


def report_spec(wildcards):
    return CAMPAIGN.report_spec().canonical()


def report_data(wildcards):
    """Return the tables of the campaign, and the files that its figures read."""
    tables = [file for file in campaign_tables() if file.endswith(".nc")]
    data = [
        file
        for entry in CAMPAIGN.figures
        for setting in CAMPAIGN.figure_settings(entry)
        for file in figure_data(entry.figure, setting)
    ]
    return list(dict.fromkeys([*tables, *data]))


def sample_memory(wildcards, attempt):
    return needs.sample_memory(CAMPAIGN.by_name[wildcards.setting], attempt)


def train_memory(wildcards, attempt):
    spec = CAMPAIGN.train_spec(wildcards.setting, int(wildcards.seed), wildcards.protocol)
    return needs.train_memory(spec, attempt)


def train_minutes(wildcards, attempt):
    spec = CAMPAIGN.train_spec(wildcards.setting, int(wildcards.seed), wildcards.protocol)
    return needs.train_minutes(spec, attempt)


def evaluate_memory(wildcards, attempt):
    spec = CAMPAIGN.evaluate_spec(wildcards.setting, int(wildcards.seed))
    return needs.evaluate_memory(spec, CAMPAIGN.model_sizes, attempt)


def evaluate_minutes(wildcards, attempt):
    spec = CAMPAIGN.evaluate_spec(wildcards.setting, int(wildcards.seed))
    return needs.evaluate_minutes(spec, CAMPAIGN.model_sizes, attempt)


def sensitivity_memory(wildcards, attempt):
    spec = CAMPAIGN.sensitivity_spec(wildcards.setting, int(wildcards.seed))
    return needs.sensitivity_memory(spec, CAMPAIGN.model_sizes, attempt)


def sensitivity_minutes(wildcards, attempt):
    spec = CAMPAIGN.sensitivity_spec(wildcards.setting, int(wildcards.seed))
    return needs.sensitivity_minutes(spec, CAMPAIGN.model_sizes, attempt)


def read_settings(wildcards):
    """Return the settings whose files a table or a figure reads."""
    setting = wildcards.get("setting")
    return [CAMPAIGN.by_name[setting]] if setting else list(CAMPAIGN.by_name.values())


def tables_memory(wildcards, attempt):
    return needs.tables_memory(read_settings(wildcards), len(CAMPAIGN.seeds), CAMPAIGN.sampling.times, attempt)


def tables_minutes(wildcards, attempt):
    return needs.tables_minutes(len(read_settings(wildcards)), len(CAMPAIGN.seeds), attempt)
