"""Every rule says what a rule must say."""

import re

import pytest

from .campaign import ALL, ROOT, Workflow


# Each rule of rules/*.smk with what stands under it.
RULES = {
    name: body
    for path in sorted((ROOT / "rules").glob("*.smk"))
    for name, body in re.findall(
        r"^(?:use )?rule [^\n]*?(\w+)(?: with)?:\n((?: .*\n|\n)*)", path.read_text(), re.MULTILINE
    )
}


def test_lint_is_clean(workflow: Workflow):
    """`snakemake --lint` finds nothing."""
    run = workflow.snakemake("--lint")
    assert run.returncode == 0, run.stdout


def entries(rule: str, directive: str) -> list[str]:
    """Return the entries of a directive, each line that is indented by eight spaces and no more."""
    found = re.search(rf"^    {directive}:\n((?:        .*\n)+)", RULES[rule], re.MULTILINE)
    return [line.strip() for line in found[1].splitlines() if re.match(r" {8}[^ )]", line)] if found else []


def test_the_rules_are_found():
    """The tests below speak of all rules that have outputs."""
    assert {"sample", "train", "evaluate", "regress", "files", "plot", "report"} <= set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_outputs_are_named_or_single(rule: str):
    """A rule has one output, or each has a name."""
    outputs = entries(rule, "output")
    assert outputs
    assert len(outputs) == 1 or all(re.match(r"\w+=", output) for output in outputs)


def test_every_job_says_what_it_does_and_needs(workflow: Workflow):
    """Every job has its own message, log and benchmark, and threads, memory and minutes; training asks for a GPU."""
    jobs = workflow.jobs("--forceall")
    assert {job.name for job in jobs} == set(ALL)
    for job in jobs:
        assert job.message, job.rule
        assert len(job.log) == 1, job.rule
        assert job.benchmark, job.rule
        assert job.threads >= 1, job.rule
        assert job.resources["mem_mb"] > 0, job.rule
        assert job.resources["runtime"] > 0, job.rule
        assert job.resources.get("gpu", 0) == (job.rule == "train"), job.rule
    for kind in ("message", "benchmark", "log"):
        assert len({str(getattr(job, kind)) for job in jobs}) == len(jobs), kind


def test_threads_and_limits_are_written_in_the_rule():
    """Every rule with a command says itself how many threads, how much memory and how long; no default is trusted."""
    own = {rule: body for rule, body in RULES.items() if re.search(r"^    shell:", body, re.MULTILINE)}
    assert len(own) >= 6
    for rule, body in own.items():
        assert re.search(r"^    threads: \d", body, re.MULTILINE), rule
        assert {"mem_mb", "runtime"} <= {entry.partition("=")[0] for entry in entries(rule, "resources")}, rule
