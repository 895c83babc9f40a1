"""What docs/configuration.md says is what happens."""

import re
import textwrap

import pytest
import yaml

from edgemem.config.file_list import files_of
from edgemem.config.models import snapshot_steps

from .conftest import ROOT
from .test_config_canonical import specs


PAGE = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
STAGES = ("sample", "train", "geometry", "evaluate", "regress", "plot")


def section(title: str) -> str:
    """Return the text below a heading, up to the next one."""
    return re.split(r"^## ", PAGE.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


def blocks(title: str, language: str) -> list[str]:
    """Return the fenced blocks of a language in a section."""
    return re.findall(rf"^```{language}\n(.*?)^```$", section(title), re.MULTILINE | re.DOTALL)


def test_errors_are_quoted_as_they_are(load, problems):
    overlays, messages = blocks("Error messages", "yaml"), blocks("Error messages", "text")
    assert len(overlays) == len(messages) == 3
    for overlay, message in zip(overlays, messages, strict=True):
        found = problems(typo=overlay)
        assert [f"experiments/{line}" for line in found] == message.splitlines()


def test_example_of_an_overlay_merges_as_said(load):
    (overlay,) = blocks("A campaign of your own", "yaml")
    plain, mine = load(), load(mine=overlay)
    assert mine.seeds == [1, 2]
    assert list(mine.by_name) == ["gaussian_N60_d10_K4"]
    assert mine.evaluation == plain.evaluation.model_copy(update={"generated": 500})
    assert mine.models == plain.models
    assert mine.protocols == plain.protocols


def test_null_and_the_command_line_do_as_said(load):
    assert "`models: {templates: null}`" in section("A campaign of your own")
    overlay = "{models: {templates: null}, settings: [{family: gaussian, N: 50, d: 2, K: 2}]}"
    assert list(load(overlay=overlay).entries) == ["mixture"]


def test_example_of_a_grid_expands_as_said(load):
    (overlay,), (names,) = blocks("Settings and grids", "yaml"), blocks("Settings and grids", "text")
    assert list(load(mine=overlay).by_name) == names.splitlines()


def test_examples_of_images_are_named_as_said(load):
    (first, mine), (name,) = blocks("Images", "yaml"), blocks("Images", "text")
    assert list(load(mine=first).by_name) == ["image_fashion-mnist_N100_K4"]
    campaign = load(mine=mine)
    assert list(campaign.by_name) == name.splitlines()
    drawn = {(plot.figure.figure, plot.model) for plot in campaign.plots}
    assert drawn == {("samples", None)} | {(figure, "templates") for figure in ("transition", "gallery", "templates")}


def test_example_of_models_has_the_cases_said(load):
    (overlay,), (cases,) = blocks("Models", "yaml"), blocks("Models", "text")
    campaign = load(mine=overlay)
    assert [case.name for case in campaign.cases] == cases.splitlines()
    mixture = campaign.study.models["mixture"]
    assert mixture.snapshots == 4
    assert mixture.sizes == load().study.models["mixture"].sizes
    steps = snapshot_steps(4, mixture.protocol.steps)
    assert steps == [8, 63, 503, 4000]
    assert "with 4 and a protocol of 4,000 steps they are 8, 63, 503 and 4,000." in " ".join(section("Models").split())


def test_keys_in_paths_are_those_of_the_default_campaign(load):
    """They change when a value of it does, and else with no version: files would be made again."""
    (paths,) = blocks("Files and keys", "text")
    files = [file.path for file in files_of(load()) if file.setting == "gaussian_N50_d30_K3" and file.seed == 1]
    assert paths.splitlines() == files


def test_example_of_an_extension_names_its_model_by_its_file(load, problems):
    (overlay,) = blocks("Extensions", "yaml")
    (line,) = problems(mine=overlay)
    assert line.startswith("mine.yaml: extensions: the extension experiments/my_denoiser.py does not exist")
    assert yaml.safe_load(overlay)["models"]["mine"]["denoiser"] == "my_denoiser"


def test_messages_about_old_keys_are_quoted_as_they_are(problems):
    (overlay,), (messages,) = blocks("Earlier configurations", "yaml"), blocks("Earlier configurations", "text")
    assert [f"experiments/{line}" for line in problems(old=overlay)] == messages.splitlines()


def test_table_of_protocols_has_their_values(load):
    protocols = load().protocols_by_name
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
    "`models`, one more": "models: {few: {denoiser: isotropic_mixture, protocol: fast, sizes: [5]}}",
    "`models`, one fewer": None,  # below
    "`models.NAME.sizes`, `models.NAME.snapshots`, `models.NAME.denoiser`, `models.NAME.options`": [
        "models: {mixture: {sizes: {probe: 600}}}",
        "models: {mixture: {sizes: [10]}}",
        "models: {mixture: {snapshots: 2}}",
        "models: {templates: {denoiser: isotropic_mixture, protocol: fast}}",
    ],
    "`models.NAME.protocol`": "models: {mixture: {protocol: paper}}",
    "`models.NAME.families`, `models.NAME.settings`": "models: {mixture: {families: null}}",
    "`protocols.NAME` of a protocol that is used": "protocols: {fast: {draws: 5}}",
    "`protocols.NAME` of any other protocol": "protocols: {paper: {draws: 5}}",
    "`sampling.times`, `sampling.t_min`, `sampling.t_max`": ["times: 25", "t_min: 0.002", "t_max: 0.998"],
    "`sampling.sampler`": "sampler: ddpm",
    "`evaluation.threshold`, `evaluation.draws`": ["threshold: 0.3", "draws: 5"],
    "`evaluation.generated`, `evaluation.test_samples`": ["generated: 100", "test_samples: 50"],
    "`regression.holdout`, `regression.seed`, `regression.report_fractions`": [
        "holdout: 0.5", "seed: 1", "report_fractions: [0.5]",
    ],
    "`figures[].thresholds`, `figures[].times`, `figures[].t_min`, `figures[].points`": None,  # below
    "`figures[].to`, `figures[].fractions`, `figures[].sizes`, `figures[].places`, `figures[].steps`, "
    "`figures[].generated`": None,  # below
    "`figures[].time`": """
        figures: [{figure: losses, time: 0.5}, transition, mechanism, prediction, samples, gallery, templates]
    """,
    "`figures`, one more, or `figures[].settings`, `figures[].models`": [
        "figures: [{figure: losses, settings: [gaussian_N50_d30_K3]}, transition, mechanism, prediction]",
        "figures: [losses, transition, mechanism]",
        "figures: [{figure: losses, models: [mixture]}, transition, mechanism, prediction]",
        "figures: [losses, transition, mechanism, prediction, samples, gallery, templates, seeds]",
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
    job = "gaussian_N50_d30_K3", 1, "mixture"
    assert before.sensitivity_spec(*job) != after.sensitivity_spec(*job)
    assert before.sensitivity_keys["mixture"] != after.sensitivity_keys["mixture"]
    assert specs(before) == specs(after)
    for key in ("sampling: {times: 30}", "evaluation: {generated: 60}", "evaluation: {threshold: 0.4}"):
        changed = load(overlay=f"{figure.format('')}\n{key}")
        assert before.sensitivity_spec(*job) != changed.sensitivity_spec(*job)


@pytest.mark.parametrize("option", ["fractions: [0.5]", "sizes: [5]", "places: 5", "steps: 7", "generated: 60"])
def test_other_paths_are_a_job_of_their_own(load, option: str):
    """An option of the figure `barrier` changes what its stage reads, and not how it is drawn."""
    models = "models: {{start: {{denoiser: isotropic_mixture, protocol: paper, families: [gaussian]}}}}"
    figure = models + "\nfigures: [{{figure: barrier, to: start{}}}]"
    before, after = (load(overlay=figure.format(text)) for text in ("", f", {option}"))
    job = "gaussian_N50_d30_K3", 1, "mixture"
    assert before.barrier_spec(*job) != after.barrier_spec(*job)
    assert specs(before) == specs(after)
    for key in ("sampling: {times: 30}", "evaluation: {draws: 60}", "evaluation: {threshold: 0.4}"):
        changed = load(overlay=f"{figure.format('')}\n{key}")
        assert before.barrier_spec(*job) != changed.barrier_spec(*job)
    other_end = load(overlay=figure.format("").replace("to: start", "to: mixture"))
    assert set(other_end.barrier_keys) == {key.replace("mixture", "start") for key in before.barrier_keys}


def test_figure_whose_option_changes_is_drawn_alone(load):
    before = specs(load())
    after = specs(load(overlay=textwrap.dedent(CHANGES["`figures[].time`"])))
    assert {job[1] for job, spec in after.items() if before[job] != spec} == {"losses"}


def test_new_seed_and_setting_leave_all_other_jobs_alone(load):
    before = specs(load())
    for row in ("`seeds`, one more", "`settings`, one more"):
        after = specs(load(overlay=textwrap.dedent(CHANGES[row])))
        assert {job[0] for job in before if after[job] != before[job]} == {"regress"}


def test_model_more_or_less_leaves_all_others_alone(load):
    """The tables of the campaign speak of all models, and figures of each."""
    without, added = specs(load()), specs(load(overlay=CHANGES["`models`, one more"]))
    assert {job[0] for job in without if added[job] != without[job]} == {"regress"}
    assert {job[0] for job in added.keys() - without.keys()} == {"train", "evaluate", "plot"}


@pytest.mark.parametrize(
    "change",
    [
        *CHANGES["`models.NAME.sizes`, `models.NAME.snapshots`, `models.NAME.denoiser`, `models.NAME.options`"],
        CHANGES["`models.NAME.protocol`"],
        CHANGES["`protocols.NAME` of a protocol that is used"],
    ],
)
def test_changed_model_leaves_all_others_alone(load, change: str):
    before, after = specs(load()), specs(load(overlay=change))
    changed = {job for job in before if job[0] in ("train", "evaluate") and after.get(job) != before[job]}
    assert {job[3] for job in changed} == {"templates" if "templates" in change else "mixture"}


def test_more_families_of_a_model_leave_its_other_jobs_alone(load):
    before, after = specs(load()), specs(load(overlay=CHANGES["`models.NAME.families`, `models.NAME.settings`"]))
    assert {job[0] for job in before if after[job] != before[job]} == {"regress"}
    new = {job[1:] for job in after.keys() - before.keys() if job[0] == "train"}
    assert new == {("image_digits_N30_K4_size8", seed, "mixture") for seed in (1, 2, 3)}
