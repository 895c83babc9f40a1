"""The parameters of a campaign are all shown, each with its value and its meaning."""

from typing import Any

import pytest

from edgemem.config.report import ReportSpec
from edgemem.reporting.parameters import options, parameter_tables


MIXTURES = [{"family": "gaussian", "N": 100, "d": 30, "K": 3, "variance": variance} for variance in (1.0, 2.5)]
PROTOCOL = {"steps": 4000, "draws": 5, "peak_lr": 0.01, "final_lr": 0.001}
NAMES = ["gaussian_N100_d30_K3", "gaussian_N100_d30_K3_var2.5"]


def model(**changes: Any) -> dict[str, Any]:
    common = {"provides": ["components"], "settings": NAMES, "denoiser": "isotropic_mixture", "protocol": PROTOCOL}
    return common | {"sizes": [2, 50], "protocol_name": "fast"} | changes


def spec(**models: Any) -> ReportSpec:
    """Return the parameters of a campaign with two mixtures and images."""
    images = {"family": "image", "N": 50, "K": 4, "size": 8}
    return ReportSpec.model_validate(
        {
            "campaign": "tiny",
            "seeds": [1, 2, 3],
            "settings": [*MIXTURES, images],
            "models": models or {"mixture": model()},
            "sampling": {},
            "evaluation": {},
            "regression": {"holdout": 0.25},
            "figures": [],
        }
    )


@pytest.fixture
def tables() -> dict[str, Any]:
    other = model(options={"width": 32}, settings=[NAMES[0]], protocol_name="slow", snapshots=4)
    grid = model(sizes={"coarse": 10, "fine": 10}, settings=[*NAMES, "image_digits_N50_K4_size8"])
    return dict(parameter_tables(spec(mixture=model(), other=other, all=grid)))


def test_all_parts_have_a_table(tables):
    """Families, seeds, models, protocols once each, and the rest; every row is as long as its header."""
    assert list(tables) == [
        "Settings of family `gaussian`, with other keys at their defaults",
        "Settings of family `image`, with other keys at their defaults",
        "Seeds",
        "Model `mixture`",
        "Model `other`",
        "Model `all`",
        "Training protocol `fast`, of `mixture` and `all`",
        "Training protocol `slow`, of `other`",
        "Times and sampler",
        "Evaluation",
        "Regression",
    ]
    for table in tables.values():
        assert all(len(row) == len(table.header) for row in table.rows)


def test_settings_stand_beside_each_other(tables):
    """An axis that is at its default everywhere is left out, as from the names of the settings."""
    mixtures, images = (
        tables[f"Settings of family `{family}`, with other keys at their defaults"] for family in ("gaussian", "image")
    )
    assert mixtures.header == ["setting", "N", "d", "K", "variance"]
    assert mixtures.rows == [[f"`{NAMES[0]}`", "100", "30", "3", "1"], [f"`{NAMES[1]}`", "100", "30", "3", "2.5"]]
    assert images.header == ["setting", "N", "K", "size"]


def test_models_say_what_is_trained_where(tables):
    mixture, other, everywhere = (
        {row[0]: row[1] for row in tables[f"Model `{name}`"].rows} for name in ("mixture", "other", "all")
    )
    assert mixture["`denoiser`"] == "`isotropic_mixture`"
    assert mixture["`sizes`"] == "2, 50"
    assert mixture["`settings`"] == f"`{NAMES[0]}`, `{NAMES[1]}`"
    assert (other["`width`"], other["`snapshots`"], other["`protocol`"]) == ("32", "4", "`slow`")
    assert everywhere["`settings`"] == "all"
    assert everywhere["`coarse`"] == "10"
    assert "`sizes`" not in everywhere


def test_keys_have_their_meaning(tables):
    """What the configuration says of them."""
    steps = {row[0]: row[1:] for row in tables["Training protocol `fast`, of `mixture` and `all`"].rows}["`steps`"]
    assert steps[0] == "4,000"
    holdout = {row[0]: row[1:] for row in tables["Regression"].rows}["`holdout`"]
    assert holdout == ["0.25", "Fraction of the settings kept out of every fit."]
    assert all(row[2] for row in tables["Model `mixture`"].rows)
    assert tables["Seeds"].rows[0][0] == "1, 2, 3"


def test_options_that_can_be_chosen():
    assert options(spec().regression)[:2] == ["holdout = 0.25", "seed = 0"]
