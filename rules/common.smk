"""The plan of the campaign, and the environment of its jobs."""

import os
import sys
from pathlib import Path

from edgemem.config.loading import read_yaml
from edgemem.errors import EdgememError
from edgemem.layout import CLAIMED, NUMBERS, PAGES, SOLVED, STAGES, TEMPLATES, TIMED
from edgemem.workflow.forcing import force
from edgemem.workflow.arguments import require_one_configfile
from edgemem.workflow.plan import Plan
from edgemem.workflow.timers import end_with_the_last_job

end_with_the_last_job()

try:
    if workflow.is_main_process:
        require_one_configfile(sys.argv)
    # Snakemake's own message for a broken file does not say which one it is.
    read_yaml("config.yaml")
except EdgememError as error:
    # One clear message: a traceback through the workflow would bury it.
    sys.exit(str(error))


configfile: "config.yaml"


try:
    PLAN = Plan(
        config,
        ["config.yaml", *map(os.path.relpath, workflow.overwrite_configfiles)],
        Path(workflow.basedir),
    )
    if workflow.is_main_process:
        for notice in PLAN.notices():
            print(notice, file=sys.stderr)
        # Snakemake would take what is there of them for results.
        force(workflow, PLAN.damaged())
except (EdgememError, OSError) as error:
    sys.exit(str(error))


# For the jobs: the Python that runs this workflow, also where its environment is not activated; the workflow's own
# code; and programs compiled by one job kept for the next. (XLA takes NPROC for the number of cores; the rules set it,
# since `threads` alone bounds nothing.)
os.environ.update(
    PATH=os.pathsep.join([str(Path(sys.executable).parent), *os.get_exec_path()]),
    PYTHONPATH=str(Path(workflow.basedir) / "src"),
)
# A job has one core; LAPACK would take all of them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", os.path.abspath("results/.jax-cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


# Not the names of all settings: Snakemake reads a constraint again for every file, which took as long as all the rest.
wildcard_constraints:
    setting="[^/]+",
    seed=r"\d+",
    model="[A-Za-z0-9_-]+",
    key="[0-9a-f]{8}",
    figure="[^/]+",
