"""The list of a campaign's files, by which all else knows them."""

import re
from collections import Counter

import pytest

from edgemem.config.file_list import files_of, study_files
from edgemem.layout import STAGES

from .conftest import ROOT


CAMPAIGNS = [None, *sorted(path.stem for path in (ROOT / "experiments").glob("*.yaml"))]
IMAGE = "image_digits_N30_K4_size8"


@pytest.fixture
def campaign_of(load):
    """A function that loads the default campaign, or an experiment by its name."""

    def campaign(name: str | None):
        overlay = (ROOT / f"experiments/{name}.yaml").read_text(encoding="utf-8") if name else ""
        return load(overlay=overlay or "{}")

    return campaign


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_every_path_and_every_label_is_there_once(campaign_of, name: str | None):
    files = files_of(campaign_of(name))
    assert [path for path, count in Counter(file.path for file in files).items() if count > 1] == []
    assert [label for label, count in Counter(file.label for file in files).items() if count > 1] == []
    # A job's files share its log and its benchmark, and no others do.
    for attribute in ("log", "benchmark"):
        jobs = {(file.stage, file.job): getattr(file, attribute) for file in files}
        assert len(set(jobs.values())) == len(jobs)


def test_paths_are_made_of_the_names_and_the_key(load):
    campaign = load(overlay="models: {mixture: {families: null}}")
    models, evaluations = campaign.study.model_keys, campaign.study.evaluation_keys
    found = {(file.kind, file.setting, file.seed, file.model): file for file in files_of(campaign) if file.seed == 2}
    assert found["samples", IMAGE, 2, None].path == f"results/samples/{IMAGE}/seed2.nc"
    for model in ("mixture", "templates"):
        file = found["models", IMAGE, 2, model]
        assert file.path == f"results/models/{IMAGE}/seed2/{model}-{models[model]}.nc"
        assert file.log == f"results/logs/train/{IMAGE}/seed2/{model}-{models[model]}.log"
        assert file.benchmark == f"results/benchmarks/train/{IMAGE}/seed2/{model}-{models[model]}.tsv"
        file = found["evaluations", IMAGE, 2, model]
        assert file.path == f"results/evaluations/{IMAGE}/seed2/{model}-{evaluations[model]}.nc"
        assert models[model] != evaluations[model]
    assert all(re.fullmatch("[0-9a-f]{8}", key) for key in [*models.values(), *evaluations.values()])


def test_files_of_the_campaign_itself(load):
    files = {
        file.kind: file for file in files_of(load(overlay="campaign: mine")) if file.stage in ("regress", "report")
    }
    assert {kind: file.path for kind, file in files.items()} == {
        "transition": "results/mine/transition.nc",
        "regression": "results/mine/regression.nc",
        "metrics": "results/mine/metrics.json",
        "report": "results/mine/report.html",
    }
    assert files["metrics"].log == "results/logs/regress/mine.log"


def test_labels_are_words(load):
    labels = {file.label: file.path for file in files_of(load())}
    key = load().study.evaluation_keys["mixture"]
    assert labels["samples of gaussian_N50_d30_K3, seed 1"] == "results/samples/gaussian_N50_d30_K3/seed1.nc"
    evaluation = f"results/evaluations/gaussian_N100_d30_K3/seed3/mixture-{key}.nc"
    assert labels["evaluations of mixture on gaussian_N100_d30_K3, seed 3"] == evaluation
    assert labels["transition"] == "results/quick/transition.nc"
    assert labels["figure prediction as PDF"] == "results/quick/figures/prediction.pdf"
    assert labels["figure prediction as CSV"] == "results/quick/figures/prediction.csv"
    assert labels["figure prediction as PDF for one column"] == "results/quick/figures/column/prediction.pdf"
    assert labels[f"figure samples as PNG of {IMAGE}"] == f"results/quick/figures/samples_{IMAGE}.png"
    losses = "results/quick/figures/losses_gaussian_N50_d30_K3_mixture.pdf"
    assert labels["figure losses as PDF of mixture on gaussian_N50_d30_K3"] == losses


def test_stages_are_there_where_they_are_asked_for(campaign_of):
    always = {"sample", "train", "geometry", "evaluate", "regress", "files", "plot", "report"}
    for name, more in (
        (None, set()),
        ("paper-figures", {"sensitivity"}),
        ("protocols", {"compare"}),
        ("barrier", {"barrier"}),
    ):
        assert {file.stage for file in files_of(campaign_of(name))} == always | more
    assert always | {"sensitivity", "compare", "barrier", "agreement"} == set(STAGES)


def test_files_of_two_parts_are_compared_where_the_figure_is(load):
    """Of each seed and model of part 1 alone, whose file has its name."""
    parts = "{settings: [{family: gaussian, N: 50, d: 3, K: 2, part: [1, 2, 3]}], models: {templates: null}"
    one = "gaussian_N50_d3_K2"
    for figures, models in (("[mechanism]", set()), ("[agreement]", {"mixture"})):
        campaign = load(overlay=f"{parts}, figures: {figures}}}")
        found = [file for file in files_of(campaign) if file.stage == "agreement"]
        assert {(file.setting, file.model, file.seed) for file in found} == {
            (one, model, seed) for model in models for seed in campaign.seeds
        }
        assert [file.path for file in found] == [
            f"results/agreements/{one}/seed{file.seed}/mixture-{campaign.agreement_keys[f'{one}/mixture']}.nc"
            for file in found
        ]
        drawn = [file for file in files_of(campaign) if file.figure == "agreement"]
        assert {(file.setting, file.model) for file in drawn} == {(one, model) for model in models}


def test_files_of_the_study_are_those_that_campaigns_share(load):
    campaign = load()
    shared = [file for file in files_of(campaign) if file.stage in ("sample", "train", "geometry", "evaluate")]
    assert list(study_files(campaign.study)) == shared
    assert all("/quick/" not in file.path for file in shared)


def test_figures_are_of_what_they_are_drawn_for(load):
    files = [file for file in files_of(load()) if file.stage == "plot"]
    drawn = {(file.figure, file.setting, file.model) for file in files}
    assert drawn == {(plot.figure.figure, plot.setting, plot.model) for plot in load().plots}
    assert Counter(file.kind for file in files) == dict.fromkeys(
        ("pdf", "png", "csv", "column_pdf", "column_png"), len(drawn)
    )
    assert {file.seed for file in files} == {None}
