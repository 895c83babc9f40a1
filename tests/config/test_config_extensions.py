"""Pieces of the user's own: known by the names of their files, and refused with one clear message."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edgemem import pieces
from edgemem.config import reference
from edgemem.errors import EdgememError

from .conftest import ROOT


DENOISER = '''
from edgemem.denoisers.abstract import AbstractDenoiser


class Mine(AbstractDenoiser):
    """A denoiser."""

    starts = {"training_samples": ()}

    @staticmethod
    def n_parameters(size, dim):
        return size * dim
'''
FAMILY = '''
from typing import ClassVar, Literal

from pydantic import Field

from edgemem.config.settings import AbstractSetting


class Ring(AbstractSetting):
    """Points on a ring."""

    provides: ClassVar = ("images",)

    family: Literal["ring"]
    N: int = Field(ge=10)
    radius: float = 1.0

    @property
    def name(self):
        return f"ring_N{self.N}_r{self.radius:g}"

    @property
    def title(self):
        return f"ring, N = {self.N}, r = {self.radius:g}"

    @property
    def dim(self):
        return 2
'''
FIGURE = '''
from typing import ClassVar, Literal

from pydantic import Field

from edgemem.config.plot import CaseFigure


class Histogram(CaseFigure):
    """A histogram."""

    reads: ClassVar = ("evaluations",)

    figure: Literal["histogram"]
    bins: int = Field(10, ge=1)
'''


@pytest.fixture
def overlay(tmp_path: Path):
    """A function that writes files of extensions, and returns an overlay that names them."""

    def overlay(files: dict[str, str], **keys: Any) -> str:
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return json.dumps({"extensions": list(files)} | keys)

    return overlay


MINE = {"mine": {"denoiser": "mine", "sizes": [3], "protocol": "fast"}}
RING = [{"family": "ring", "N": [20, 10], "radius": [2, 1]}]


def test_extensions_stand_like_the_pieces_of_the_package(load, overlay):
    files = {"own/ring.py": FAMILY, "own/mine.py": DENOISER, "own/histogram.py": FIGURE}
    campaign = load(
        overlay=overlay(
            files, settings=RING, models=MINE, figures=["histogram", {"figure": "gallery", "models": ["mine"]}]
        )
    )
    names = ["ring_N20_r2", "ring_N20_r1", "ring_N10_r2", "ring_N10_r1"]
    assert [case.name for case in campaign.cases] == [f"{name}/mine" for name in names]
    assert {case.provides for case in campaign.cases} == {frozenset({"images"})}
    drawn = [(plot.figure.figure, plot.setting) for plot in campaign.plots]
    assert drawn == [(figure, name) for figure in ("histogram", "gallery") for name in names]
    assert campaign.figure("histogram").bins == 10
    spec = campaign.train_spec("ring_N10_r2", 1, "mine")
    assert type(spec).parse(spec.canonical()) == spec


def test_keys_of_extensions_are_checked_like_those_of_the_package(problems, overlay):
    files = {"ring.py": FAMILY, "mine.py": DENOISER, "histogram.py": FIGURE}
    for keys, said in (
        (
            {"settings": [{"family": "ring", "N": [20, 9]}]},
            "settings[0].N[1]: must be greater than or equal to 10 (got 9)",
        ),
        (
            {"settings": [{"family": "ring", "N": 20, "radus": 2}]},
            "settings[0].radus: unknown key; did you mean 'radius'?",
        ),
        (
            {"settings": [{"family": "rung", "N": 20}]},
            "settings[0].family: there is no family 'rung'; did you mean 'ring'?",
        ),
        (
            {"figures": [{"figure": "histogram", "bins": 0}]},
            "figures[0].bins: must be greater than or equal to 1 (got 0)",
        ),
        ({"figures": ["histogran"]}, "figures[0]: there is no figure 'histogran'; did you mean 'histogram'?"),
        (
            {"models": {"mine": {"denoiser": "mime", "protocol": "fast"}}},
            "models.mine.denoiser: there is no denoiser 'mime'",
        ),
    ):
        (line,) = problems(overlay=overlay(files, **({"models": MINE} | keys)))
        assert line.startswith(f"overlay.yaml: {said}")


def test_pieces_of_one_campaign_are_unknown_to_the_next(load, problems, overlay):
    keys = {"settings": RING, "models": MINE}
    assert len(load(overlay=overlay({"ring.py": FAMILY, "mine.py": DENOISER}, **keys)).cases) == 4
    (first, *_) = problems(overlay=json.dumps(keys))
    assert first.startswith("overlay.yaml: settings[0].family: there is no family 'ring' (allowed: gaussian, image)")


def test_edited_extension_is_read_again(load, overlay):
    load(overlay=overlay({"mine.py": DENOISER}, models=MINE))
    assert pieces.declared("mine").provides == ()
    more = DENOISER.replace('    """A denoiser."""', '    provides = ("components",)')
    campaign = load(overlay=overlay({"mine.py": more}, models=MINE))
    assert campaign.study.models["mine"].provides == ["components"]


def test_reference_knows_no_extensions(load, overlay):
    before = reference.json_schema(), reference.table()
    load(overlay=overlay({"ring.py": FAMILY, "mine.py": DENOISER, "histogram.py": FIGURE}, models=MINE))
    assert "ring" in pieces.names("family")
    assert (reference.json_schema(), reference.table()) == before


# What is wrong; the files; what the message says.
REFUSED_FILES = {
    "missing": ({}, "the extension mine.py does not exist; write its path from the workflow's folder"),
    "syntax error": ({"mine.py": "class Mine(:"}, "the extension mine.py cannot be read as Python: "),
    "no Python": ({"mine.py": "\0"}, "the extension mine.py cannot be read as Python: "),
    "neither kind": (
        {"mine.py": "class Mine: ..."},
        "the extension mine.py must be one of a family, a denoiser or a figure",
    ),
    "both kinds": (
        {"mine.py": DENOISER + "\n\nclass Other(AbstractSetting): ..."},
        "the extension mine.py must be one of a family, a denoiser or a figure, with a class made directly from one of "
        "AbstractSetting, AbstractDenoiser, CampaignFigure, SettingFigure, CaseFigure (got denoiser, family)",
    ),
    "name of the package": (
        {"isotropic_mixture.py": DENOISER},
        "isotropic_mixture.py: there is a denoiser 'isotropic_mixture' already; rename the file",
    ),
    "name of another": (
        {"one/mine.py": DENOISER, "two/mine.py": DENOISER},
        "two/mine.py: there is a denoiser 'mine' already; rename the file",
    ),
    "name that is no word": (
        {"my-denoiser.py": DENOISER},
        "my-denoiser.py: the name of an extension's file is its name in the configuration, and must be a word",
    ),
}


@pytest.mark.parametrize(("files", "said"), REFUSED_FILES.values(), ids=REFUSED_FILES)
def test_file_that_cannot_be_an_extension_is_refused(problems, overlay, files: dict[str, str], said: str):
    text = overlay(files) if files else 'extensions: ["mine.py"]'
    (line,) = problems(overlay=text)
    assert line.startswith(f"overlay.yaml: extensions: {said}")


@pytest.mark.parametrize("value", ["mine.py", "{a: mine.py}", "[1]", "[[mine.py]]", "null", "3"])
def test_extensions_that_are_no_list_of_files_are_refused(problems, value: str):
    (line,) = problems(overlay=f"extensions: {value}")
    assert line.startswith(
        "overlay.yaml: extensions: must be a list of Python files, as in [experiments/mine.py] (got "
    )


# What is wrong with a denoiser; what stands in place of what; what the message says.
BAD_DECLARATIONS = {
    "no starts": ('    starts = {"training_samples": ()}\n', "", "the denoiser does not declare `starts`"),
    "no number of parameters": ("n_parameters", "parameters", "the denoiser does not declare `n_parameters`"),
    "computed": (
        '{"training_samples": ()}',
        "STARTS",
        "`starts` must be written out, without names from elsewhere",
    ),
    "starts as a list": ('{"training_samples": ()}', '["random"]', "`starts` must be a dict (got ['random'])"),
    "requires as a text": (
        '    """A denoiser."""\n',
        '    requires = "templates"\n',
        "`requires` must be a tuple (got 'templates')",
    ),
    "frozen array that it does not have": (
        '    """A denoiser."""\n',
        '    frozen = ("scale",)\n',
        "`frozen` names 'scale', which is no real-valued array of the denoiser",
    ),
    "names in the function": (
        "size * dim",
        "math.prod((size, dim))",
        "`n_parameters` must be a static method of size, dim and the options, without names from elsewhere",
    ),
    "names in its arguments": ("size, dim)", "size, dim, layers=LAYERS)", "`n_parameters` must be a static method of"),
    "option that it does not take": (
        '    """A denoiser."""\n',
        '    options = {"layers": 2}\n',
        "`n_parameters` must be a static method of size, dim and the options",
    ),
    "two classes": (
        "class Mine",
        "class Base(AbstractDenoiser): ...\n\n\nclass Mine",
        "must have one class that is an AbstractDenoiser (got 2)",
    ),
}


@pytest.mark.parametrize(("found", "instead", "said"), BAD_DECLARATIONS.values(), ids=BAD_DECLARATIONS)
def test_bad_declaration_is_refused(problems, overlay, found: str, instead: str, said: str):
    assert DENOISER.count(found) == 1
    (line,) = problems(overlay=overlay({"mine.py": DENOISER.replace(found, instead)}, models=MINE))
    assert "mine.py" in line
    assert said in line


@pytest.mark.parametrize(
    ("files", "keys", "said"),
    [
        ({"ring.py": FAMILY + "\nundefined"}, {"settings": RING}, "NameError: name 'undefined' is not defined"),
        ({"histogram.py": FIGURE + "\n1 / 0"}, {"figures": ["histogram"]}, "ZeroDivisionError: division by zero"),
    ],
)
def test_extension_that_cannot_be_imported_is_refused(problems, overlay, files, keys, said: str):
    (line,) = problems(overlay=overlay(files, models=MINE | {"mine": None}, **keys))
    assert line == f"the extension {next(iter(files))} cannot be imported: {said}"


def test_command_ends_with_the_message_alone(tmp_path: Path, default_text: str):
    """No traceback, as of any other mistake in a configuration."""
    (tmp_path / "config.yaml").write_text(default_text, encoding="utf-8")
    (tmp_path / "mine.py").write_text(DENOISER.replace("starts", "begins"), encoding="utf-8")
    (tmp_path / "overlay.yaml").write_text(json.dumps({"extensions": ["mine.py"], "models": MINE}), encoding="utf-8")
    command = [sys.executable, "-m", "edgemem", "repair", "--configfile", "overlay.yaml"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 1
    said = "edgemem repair: mine.py: the denoiser does not declare `starts`; see docs/extending.md\n"
    assert (run.stdout, run.stderr) == ("", said)


def test_page_that_messages_name_is_there():
    assert (ROOT / "docs/extending.md").is_file()


def test_registering_is_of_the_process():
    with pytest.raises(EdgememError, match="does not exist"):
        pieces.register(["nowhere.py"])
    assert pieces.registered() == []
