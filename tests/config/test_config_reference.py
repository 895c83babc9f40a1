"""The schema and the table of keys follow the model."""

import itertools
import json
import re
from pathlib import Path
from typing import Literal, get_origin

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from edgemem import pieces
from edgemem.config import reference
from edgemem.config.campaign import Campaign
from edgemem.config.datasets import Datasets
from edgemem.config.evaluate import Evaluation
from edgemem.config.flow import FlowProtocol
from edgemem.config.models import ModelEntry, SizeContour, SizeGrid
from edgemem.config.protocol import Protocol, Weighting
from edgemem.config.regress import Regression
from edgemem.config.sampling import Sampling
from edgemem.families.gaussian.setting import GaussianSetting
from edgemem.families.image.setting import ImageSetting
from edgemem.figures.agreement import AgreementFigure
from edgemem.figures.barrier import BarrierFigure
from edgemem.figures.collapse import CollapseFigure
from edgemem.figures.copies import CopiesFigure
from edgemem.figures.course import CourseFigure
from edgemem.figures.draws import DrawsFigure
from edgemem.figures.flow import FlowFigure
from edgemem.figures.flow_times import FlowTimesFigure
from edgemem.figures.gallery import GalleryFigure
from edgemem.figures.losses import LossesFigure
from edgemem.figures.mechanism import MechanismFigure
from edgemem.figures.phase import PhaseFigure
from edgemem.figures.plane import PlaneFigure
from edgemem.figures.prediction import PredictionFigure
from edgemem.figures.protocols import ProtocolsFigure
from edgemem.figures.refutation import RefutationFigure
from edgemem.figures.regression import RegressionFigure
from edgemem.figures.samples import SamplesFigure
from edgemem.figures.seeds import SeedsFigure
from edgemem.figures.sensitivity import SensitivityFigure
from edgemem.figures.spectrum import SpectrumFigure
from edgemem.figures.starts import StartsFigure
from edgemem.figures.templates import TemplatesFigure
from edgemem.figures.transition import TransitionFigure
from edgemem.layout import PUBLISHING, STAGES
from edgemem.workflow.code_inputs import CodeInputs

from .conftest import ROOT


FAMILIES = [GaussianSetting, ImageSetting]
FIGURES = [
    AgreementFigure,
    BarrierFigure,
    CollapseFigure,
    CopiesFigure,
    CourseFigure,
    DrawsFigure,
    FlowFigure,
    FlowTimesFigure,
    GalleryFigure,
    LossesFigure,
    MechanismFigure,
    PhaseFigure,
    PlaneFigure,
    PredictionFigure,
    ProtocolsFigure,
    RefutationFigure,
    RegressionFigure,
    SamplesFigure,
    SeedsFigure,
    SensitivityFigure,
    SpectrumFigure,
    StartsFigure,
    TemplatesFigure,
    TransitionFigure,
]
# Where each model stands; written by hand, so that the table is not compared with itself.
PLACES: dict[str, list[type[BaseModel]]] = {
    "": [Campaign],
    "settings[].": FAMILIES,
    "models.NAME.": [ModelEntry],
    "models.NAME.sizes.": [SizeGrid, SizeContour],
    "protocols.NAME.": [Protocol, FlowProtocol],
    "protocols.NAME.weighting.": [Weighting],
    "sampling.": [Sampling],
    "evaluation.": [Evaluation],
    "datasets.": [Datasets],
    "regression.": [Regression],
    "figures[].": FIGURES,
}
FIGURE_NAMES = ", ".join(f"`{name}`" for name in pieces.names("figure"))
DENOISER_NAMES = ", ".join(f"`{name}`" for name in pieces.names("denoiser"))
KEYS = {key.path: key for key in reference.all_keys()}


def test_files_in_docs_are_up_to_date():
    """After a change of the model: python -m edgemem.config.reference."""
    schema = (ROOT / "docs/configuration-schema.json").read_text(encoding="utf-8")
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert schema == json.dumps(reference.json_schema(), indent=2) + "\n"
    assert page == reference.with_table(page)


def test_command_writes_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="does not exist; run this in the repository's root"):
        reference.main()
    reference.TEMPLATE.parent.mkdir(parents=True)
    for file in (Path("docs/configuration.md"), reference.TEMPLATE):
        file.write_text(f"before\n{reference.BEGIN}\nto be replaced\n{reference.END}\nafter\n")
    reference.main()
    assert json.loads(Path("docs/configuration-schema.json").read_text()) == reference.json_schema()
    page = Path("docs/configuration.md").read_text()
    assert reference.TEMPLATE.read_text() == page
    assert page.startswith(f"before\n{reference.BEGIN}\n| Key |") and page.endswith(f"|\n{reference.END}\nafter\n")
    assert "to be replaced" not in page


@pytest.mark.parametrize("page", ["", reference.BEGIN, f"{reference.END}\n{reference.BEGIN}"])
def test_page_without_both_markers_is_refused(page: str):
    with pytest.raises(ValueError, match="needs the line"):
        reference.with_table(page)


def test_table_has_every_key_of_the_model_once_and_no_other():
    expected = {place + name for place, models in PLACES.items() for model in models for name in model.model_fields}
    assert set(KEYS) == expected
    assert len(reference.all_keys()) == len(expected)


def test_every_key_is_described():
    assert [path for path, key in KEYS.items() if not key.description] == []


def test_required_and_default_are_those_of_the_model():
    for place, models in PLACES.items():
        for model in models:
            for name, field in model.model_fields.items():
                assert (KEYS[place + name].default == "required") == field.is_required(), place + name


@pytest.mark.parametrize(
    ("path", "type_", "allowed", "default"),
    [
        ("campaign", "text", "matches `^[A-Za-z0-9][A-Za-z0-9_-]*$`", "required"),
        ("seeds", "list of whole numbers", "at least 0, below 4,294,967,296; not empty", "required"),
        ("settings", "list of mappings", "not empty", "required"),
        ("settings[].family", "text", "`gaussian`, `image`", "required"),
        ("settings[].N", "whole number or list of whole numbers", "10 to 1,000,000; not empty", "required"),
        ("settings[].variance", "number or list of numbers", "0.01 to 100; not empty", "`1`"),
        ("models", "mapping", "not empty", "required"),
        ("models.NAME.denoiser", "text", DENOISER_NAMES, "required"),
        ("models.NAME.options", "mapping", "", "none"),
        (
            "models.NAME.sizes",
            "mapping or list of whole numbers or texts",
            r"above 0; matches `^(\d+(\.\d+)?)? *N$`; not empty",
            "as below",
        ),
        ("models.NAME.sizes.probe", "whole number", "50 to 1,000,000", "`500`"),
        (
            "models.NAME.snapshots",
            "whole number or list of whole numbers",
            "1 to 1,000; above 0; not empty",
            "`1`",
        ),
        ("models.NAME.protocol", "text", "", "required"),
        ("models.NAME.families", "list of texts or null", "`gaussian`, `image`", "`null`"),
        ("models.NAME.settings", "list of texts or null", "", "`null`"),
        ("protocols.NAME.peak_lr", "number", "above 0, at most 1", "required"),
        ("protocols.NAME.clip_norm", "number or null", "above 0", "`null`"),
        (
            "protocols.NAME.weighting",
            "text or mapping or list of numbers",
            "`eps`, `x0`, `v`, `min_snr`, `edm`, `uniform_log_snr`; at least 0",
            "`eps`",
        ),
        ("evaluation.threshold", "number or fraction", "above 0, below 1", "`1/3`"),
        ("sampling", "mapping", "", "as below"),
        ("figures", "list of texts or mappings", FIGURE_NAMES, "required"),
        ("figures[].figure", "text", FIGURE_NAMES, "required"),
        ("figures[].settings", "list of texts or null", "", "`null`"),
        ("figures[].models", "list of texts or null", "", "`null`"),
        ("extensions", "list of texts", "", "none"),
    ],
)
def test_unions_grids_and_ranges_read_well(path: str, type_: str, allowed: str, default: str):
    assert KEYS[path][1:4] == (type_, allowed, default)


def test_key_of_some_figures_names_them():
    with_settings = "agreement", "barrier", "copies", "flow", "gallery", "losses", "mechanism", "plane", "samples"
    more = "seeds", "sensitivity", "spectrum", "starts", "templates", "transition"
    of_settings = ", ".join(f"`{name}`" for name in (*with_settings, *more)) + ": "
    assert KEYS["figures[].settings"].description.startswith(of_settings)
    assert KEYS["figures[].models"].description.startswith(
        of_settings.replace("`samples`, ", "").replace("`starts`, ", "")
    )
    assert re.match("`losses`: .+ `seeds`, `transition`: .+", KEYS["figures[].time"].description)


def test_rows_of_the_table_have_as_many_cells_as_its_head():
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in reference.table().splitlines()} == {6}


def test_schema_is_valid_and_accepts_the_default_campaign(default_text: str):
    jsonschema.Draft202012Validator.check_schema(reference.json_schema())
    jsonschema.validate(yaml.safe_load(default_text), reference.json_schema())


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("seedz",), [1]),
        (("seeds",), []),
        (("campaign",), "a/b"),
        (("settings", 0, "N"), 3),
        (("settings", 0, "N"), []),
        (("settings", 0, "family"), "gausian"),
        (("models",), {}),
        (("models", "a b"), {"denoiser": "isotropic_mixture", "protocol": "fast"}),
        (("models", "mixture", "sizes"), {"coarse": 1}),
        (("models", "mixture", "sizes"), []),
        (("models", "mixture", "snapshots"), 0),
        (("models", "mixture", "denoiser"), "isotropic_mixtur"),
        (("models", "mixture", "families"), ["gausian"]),
        (("models", "mixture"), {"denoiser": "isotropic_mixture"}),
        (("protocol",), "fast"),
        (("protocols", "a b"), {"steps": 1, "draws": 1, "peak_lr": 0.1, "final_lr": 0.1}),
        (("protocols", "fast", "weighting"), "epsilon"),
        (("evaluation", "threshold"), 1.5),
        (("figures",), ["loses"]),
        (("figures",), [{"figure": "losses", "time": 1}]),
    ],
)
def test_schema_refuses_what_the_model_refuses(default_text: str, keys: tuple[str | int, ...], value: object):
    config = yaml.safe_load(default_text)
    place = config
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(config, reference.json_schema())
    with pytest.raises(ValueError, match=r"validation errors? for Campaign"):
        Campaign.model_validate(config)


def test_no_stage_runs_this_module():
    code = CodeInputs(ROOT)
    stages = [f"edgemem.stages.{name}" for name in STAGES | PUBLISHING]
    figures = [f"edgemem.figures.{name}" for name in pieces.names("figure")]
    files = set(itertools.chain.from_iterable(code.of(module) for module in [*stages, *figures]))
    assert files
    assert not [file for file in files if file.endswith("config/reference.py")]


def test_every_piece_of_the_package_is_known():
    assert [setting.model_fields["family"].annotation for setting in FAMILIES] == [
        Literal[name] for name in pieces.names("family")
    ]
    assert [figure.model_fields["figure"].annotation for figure in FIGURES] == [
        Literal[name] for name in pieces.names("figure")
    ]


def test_keys_of_grids_are_those_of_their_settings():
    """A key of a setting is one value or a list in the reference; the one that chooses the family is one value."""
    for setting in FAMILIES:
        for name, field in setting.model_fields.items():
            single = get_origin(field.annotation) is Literal
            assert ("or list of" in KEYS[f"settings[].{name}"].type) != single


def test_schema_allows_a_model_and_a_protocol_to_be_taken_out(default_text: str):
    config = yaml.safe_load(default_text)
    for key, name in (("models", "templates"), ("protocols", "paper")):
        config[key][name] = None
    jsonschema.validate(config, reference.json_schema())
