"""Which families, denoisers and figures a job loads by name, beside what its stage imports."""

from collections.abc import Iterable
from typing import NamedTuple

from edgemem import pieces
from edgemem.config.campaign import Campaign
from edgemem.config.plot import Figure
from edgemem.config.protocol import FRESH
from edgemem.layout import PUBLISHING, STAGES
from edgemem.pieces import Kind
from edgemem.workflow.code_inputs import imported_modules


class Piece(NamedTuple):
    """A piece, or the part of a family's folder, that a job loads."""

    kind: Kind
    name: str
    part: str = ""


def pieces_of_job(
    stage: str, campaign: Campaign, setting: str | None, model: str | None, figure: Figure | None
) -> list[Piece]:
    """Return the pieces of a job that is of one setting, model or figure."""
    found = _of_family(stage, campaign.setting(setting).family) if setting else []
    if model and STAGES[stage].denoiser:
        trained = campaign.study.models[model]
        if stage == "train" and trained.protocol.initialization != FRESH:
            found = [piece for piece in found if piece.part != "data"]
        found.append(Piece("denoiser", trained.denoiser))
    return [*found, *([Piece("figure", figure.figure)] if figure else [])]


def pieces_of_campaign(stage: str, campaign: Campaign) -> list[Piece]:
    """Return the pieces of a job that is of all settings."""
    families = dict.fromkeys(setting.family for setting in campaign.study.settings)
    found = [piece for family in families for piece in _of_family(stage, family)]
    if stage in ("report", "collect"):  # they show captions
        found += [Piece("figure", figure.figure) for figure in campaign.figures]
    return found


def _of_family(stage: str, family: str) -> list[Piece]:
    provides = pieces.setting_class(family).provides
    parts = (STAGES | PUBLISHING)[stage].family
    return [Piece("family", family, part) for part in parts if part != "true_denoiser" or part in provides]


def modules(loaded: Iterable[Piece]) -> list[str]:
    """Return the modules of the pieces that are in the package, and those that the user's own import from it."""
    found: dict[str, None] = {}
    for piece in loaded:
        own = pieces.extension(piece.kind, piece.name)
        found |= dict.fromkeys([pieces.module_name(*piece)] if own is None else imported_modules(own))
    return list(found)


def extension_files(loaded: Iterable[Piece]) -> list[str]:
    """Return the files of the pieces that are the user's own."""
    used = {pieces.extension(piece.kind, piece.name) for piece in loaded}
    return sorted(str(path) for path in used if path)
