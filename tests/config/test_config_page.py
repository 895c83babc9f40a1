"""What docs/configuration.md says is what happens."""

import re
import textwrap

import pytest

from .conftest import ROOT
from .test_config_canonical import specs


PAGE = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
STAGES = ("sample", "train", "evaluate", "regress", "plot")


def section(title: str) -> str:
    """Return the text below a heading, up to the next one."""
    return re.split(r"^## ", PAGE.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


def blocks(title: str, language: str) -> list[str]:
    """Return the fenced blocks of a language in a section."""
    return re.findall(rf"^```{language}\n(.*?)^```$", section(title), re.MULTILINE | re.DOTALL)


def test_errors_are_quoted_as_they_are(load, problems):
    overlays, messages = blocks("Error messages", "yaml"), blocks("Error messages", "text")
    assert len(overlays) == len(messages) == 2
    for overlay, message in zip(overlays, messages, strict=True):
        found = problems(typo=overlay)
        assert [f"experiments/{line}" for line in found] == message.splitlines()


def test_example_of_an_overlay_merges_as_said(load):
    (overlay,) = blocks("A campaign of your own", "yaml")
    plain, mine = load(), load(mine=overlay)
    assert mine.seeds == [1, 2]
    assert list(mine.by_name) == ["gaussian_N60_d10_K4"]
    assert mine.evaluation == plain.evaluation.model_copy(update={"generated": 500})
    assert mine.protocols == plain.protocols


def test_example_of_a_grid_expands_as_said(load):
    (overlay,), (names,) = blocks("Settings and grids", "yaml"), blocks("Settings and grids", "text")
    assert list(load(mine=overlay).by_name) == names.splitlines()


def test_table_of_protocols_has_their_values(load):
    protocols = load().protocols
    for words, key in (
        ("optimizer steps", "steps"),
        ("noise draws for each sample and step", "draws"),
        ("largest learning rate", "peak_lr"),
        ("last learning rate", "final_lr"),
        ("largest gradient norm", "clip_norm"),
    ):
        row = re.search(rf"^\| {words} \| (.*) \| (.*) \| (.*) \| (.*) \|$", section("Protocols"), re.MULTILINE)
        for name, cell in zip(("fast", "paper", "image", "image_paper"), row.groups(), strict=True):
            value = getattr(protocols[name], key)
            assert value == (None if cell == "none" else float(cell.replace(",", ""))), words
    work = {name: protocol.steps * protocol.draws for name, protocol in protocols.items()}
    for cheap, published in (("fast", "paper"), ("image", "image_paper")):
        assert f"{work[published] / work[cheap]:g} times less work" in section("Protocols")


# What is done to the default campaign for each row of the table of what reruns.
CHANGES = {
    "`campaign`": "campaign: other",
    "`seeds`, one more": "seeds: [1, 2, 3, 4]",
    "`seeds`, one fewer": "seeds: [1, 2]",
    "`settings`, one more": """
        settings:
          - {family: gaussian, N: [50, 100], d: 30, K: 3}
          - {family: gaussian, N: 50, d: 30, K: 3, variance: [0.25, 4]}
          - {family: image, templates: digits, N: 30, K: 4, size: 8}
          - {family: gaussian, N: 60, d: 30, K: 3}
    """,
    "`model_sizes`": "model_sizes: {probe: 600}",
    "`protocol`": "protocol: paper",
    "`protocols.NAME` of the protocol used": "protocols: {fast: {draws: 5}}",
    "`protocols.NAME` of any other protocol": "protocols: {paper: {draws: 5}}",
    "`sampling.times`, `sampling.t_min`, `sampling.t_max`": ["times: 25", "t_min: 0.002", "t_max: 0.998"],
    "`sampling.sampler`": "sampler: ddpm",
    "`evaluation.generated`, `evaluation.threshold`, `evaluation.draws`, `evaluation.test_samples`": [
        "generated: 100", "threshold: 0.3", "draws: 5", "test_samples: 50",
    ],
    "`regression.holdout`, `regression.seed`, `regression.quoted`": ["holdout: 0.5", "seed: 1", "quoted: [0.5]"],
    "`figures[].thresholds`, `figures[].times`, `figures[].t_min`, `figures[].points`": None,  # below
    "`figures[].time`": """
        figures: [{figure: losses, time: 0.5}, transition, mechanism, prediction, samples, gallery, templates]
    """,
    "`figures`, one more, or `figures[].settings`": [
        "figures: [{figure: losses, settings: [gaussian_N50_d30_K3]}, transition, mechanism, prediction]",
        "figures: [losses, transition, mechanism]",
    ],
}  # fmt: skip
RERUNS = dict(re.findall(r"^\| (`.*) \| (.*) \|$", section("What reruns"), re.MULTILINE))


def test_table_of_what_reruns_has_a_test_for_each_row():
    assert list(RERUNS) == list(CHANGES)


@pytest.mark.parametrize("changed", [row for row, change in CHANGES.items() if change])
def test_first_stage_that_reruns_is_the_one_said(load, changed: str):
    """A job reruns when its spec is new: what the stage reads has changed, or the job was not there."""
    said = re.match(r"`?(\w+)", RERUNS[changed])[1]
    top = re.match(r"`(\w+)", changed)[1]
    before = specs(load())
    overlays = CHANGES[changed] if isinstance(CHANGES[changed], list) else [CHANGES[changed]]
    for overlay in overlays:
        text = textwrap.dedent(overlay) if overlay.lstrip().startswith(top) else f"{top}: {{{overlay}}}"
        after = specs(load(overlay=text))
        new = {job[0] for job, spec in after.items() if before.get(job) != spec}
        first = next((stage for stage in STAGES if stage in new), "nothing")
        # A figure less makes nothing new; one more makes itself.
        assert first == said or (said == "plot" and first == "nothing" and set(after) < set(before))


@pytest.mark.parametrize("option", ["thresholds: [0.4]", "times: [20]", "t_min: [0.02]", "points: [70]"])
def test_other_ways_to_generate_points_are_a_job_of_their_own(load, option: str):
    """An option of the figure `sensitivity` changes what its stage reads, and not how it is drawn."""
    figure = "figures: [{{figure: sensitivity{}}}]"
    before, after = (load(overlay=figure.format(text)) for text in ("", f", {option}"))
    assert before.sensitivity_spec("gaussian_N50_d30_K3", 1) != after.sensitivity_spec("gaussian_N50_d30_K3", 1)
    assert specs(before) == specs(after)
    for key in ("sampling: {times: 30}", "evaluation: {generated: 60}", "evaluation: {threshold: 0.4}"):
        changed = load(overlay=f"{figure.format('')}\n{key}")
        assert before.sensitivity_spec("gaussian_N50_d30_K3", 1) != changed.sensitivity_spec("gaussian_N50_d30_K3", 1)


def test_figure_whose_option_changes_is_drawn_alone(load):
    before = specs(load())
    after = specs(load(overlay=textwrap.dedent(CHANGES["`figures[].time`"])))
    assert {job[1] for job, spec in after.items() if before[job] != spec} == {"losses"}


def test_new_seed_and_setting_leave_all_other_jobs_alone(load):
    before = specs(load())
    for row in ("`seeds`, one more", "`settings`, one more"):
        after = specs(load(overlay=textwrap.dedent(CHANGES[row])))
        assert {job[0] for job in before if after[job] != before[job]} == {"regress"}
