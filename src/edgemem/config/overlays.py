"""What files that are laid over each other must say together, which none of them shows alone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgemem import pieces
from edgemem.config.campaign import Campaign
from edgemem.config.loading import load_campaign, read_yaml
from edgemem.config.plot import CaseFigure, SettingFigure
from edgemem.errors import EdgememError


def check_overlays(campaign: Campaign, files: Sequence[str | Path]) -> None:
    """Check that a campaign does not replace the results of another, and that its figures can be drawn.

    **Arguments:** `campaign`: of all files together; `files`: the first is laid below the others.

    **Raises:** EdgememError that names the file and the key.
    """
    contents = [read_yaml(file) for file in files]
    _require_own_name(campaign, files, contents)
    _require_drawn(campaign, files, contents)


def _require_own_name(campaign: Campaign, files: Sequence[str | Path], contents: Sequence[Mapping[str, Any]]) -> None:
    """Check that what is laid over the first file and changes results gives the campaign another name."""
    below, *overlays = contents
    if below.get("campaign") != campaign.campaign or any("campaign" in overlay for overlay in overlays):
        return
    try:
        own = load_campaign(below, files[:1])
    except EdgememError:
        own = None  # nothing of it can be there
    pieces.register(campaign.extensions)
    if own and (own.study, own.regression) != (campaign.study, campaign.regression):
        raise EdgememError(
            f"{files[-1] if overlays else '--config'}: campaign: a file that changes results must name its own "
            f"campaign, or it replaces those in results/{campaign.campaign}; add a line, campaign: mine"
        )


def _require_drawn(campaign: Campaign, files: Sequence[str | Path], contents: Sequence[Mapping[str, Any]]) -> None:
    """Check that each figure can be drawn of something, where the list of figures was written for these data.

    A file with other settings may leave alone the figures of the file below, of which those that it can be are drawn.
    """

    def last(*keys: str) -> int:
        return max((i for i, content in enumerate(contents) if set(keys) & set(content)), default=len(contents))

    if last("figures") < last("settings", "models"):
        return
    drawn = {plot.figure.figure for plot in campaign.plots}
    for i, figure in enumerate(campaign.figures):
        if isinstance(figure, SettingFigure | CaseFigure) and figure.figure not in drawn:
            raise EdgememError(
                f"{files[min(last('figures'), len(files) - 1)]}: figures[{i}]: the figure '{figure.figure}' needs "
                f"{', '.join(figure.requires)}, and no {' and '.join(figure.subject)} of the campaign has it; "
                f"take it out (allowed: {', '.join(f.figure for f in campaign.figures if f.figure in drawn)})"
            )
