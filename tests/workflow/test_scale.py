"""A campaign of thousands of jobs can be run: what stands on all its evaluations gets all of them."""

import json
import os
import sys
from pathlib import Path

import pytest
import xarray as xr

from edgemem.config.regress import RegressSpec

from .campaign import Workflow, copy_parts


LONGEST_ARGUMENT = 128 * 1024  # of Linux, in bytes
# A pretend `python` for jobs: it writes down what it was given, and makes the files it was asked for.
PRETEND = f"""#!{sys.executable}
import json, pathlib, sys
words = sys.argv[1:]
pathlib.Path("given.json").write_text(json.dumps({{"words": words, "stdin": sys.stdin.read()}}))
for option, word in zip(words, words[1:]):
    if option in ("--transition", "--regression", "--metrics"):
        pathlib.Path(word).touch()
"""
# 1,666 data sets, each to be sampled, trained on and evaluated: 5,000 jobs.
CAMPAIGNS = {
    "many settings": {
        "settings": [
            {"family": "gaussian", "N": list(range(50, 67)), "d": list(range(5, 19)), "K": list(range(2, 9))}
            | {"variance": 0.12345, "separation": 0.12345}
        ],
        "seeds": [1],
    },
    "many seeds": {"settings": [{"family": "gaussian", "N": 50, "d": 5, "K": 2}], "seeds": list(range(1666))},
}


@pytest.mark.parametrize("campaign", CAMPAIGNS)
def test_regress_of_5000_jobs_gets_all_evaluations_and_its_spec(shared: Path, tmp_path: Path, campaign: str):
    """The command of `regress` can be started, though Linux takes no argument of more than 128 KiB."""
    copy_parts(tmp_path)
    workflow = Workflow(tmp_path, shared / "cache")
    change = CAMPAIGNS[campaign] | {"figures": []}
    workflow.configure(**change)
    pretend = workflow / "pretend/python"
    pretend.parent.mkdir()
    pretend.write_text(PRETEND)
    pretend.chmod(0o755)
    # Bash reads this file before each command, when the workflow has put its own Python in front.
    (workflow / "front.sh").write_text(f"PATH={pretend.parent}{os.pathsep}$PATH\n")
    workflow.environment["BASH_ENV"] = str(workflow / "front.sh")

    wanted = [file.path for file in workflow.files() if file.kind == "evaluations"]
    assert len(wanted) == 1666
    xr.Dataset().to_netcdf(workflow / "empty.nc")
    empty = (workflow / "empty.nc").read_bytes()
    for path in wanted:
        (workflow / path).parent.mkdir(parents=True, exist_ok=True)
        (workflow / path).write_bytes(empty)
    (job,) = workflow.jobs("--cores", "1", "regress", "--allowed-rules", "regress")

    given = json.loads((workflow / "given.json").read_text())
    assert given["words"][:3] == ["-m", "edgemem", "regress"]
    assert set(wanted) <= set(given["words"])
    assert given["stdin"] == job.spec + "\n"
    spec = RegressSpec.parse(given["stdin"])
    assert len(spec.settings) * len(spec.seeds) == 1666
    assert (len(job.spec) > LONGEST_ARGUMENT) == (campaign == "many settings")
