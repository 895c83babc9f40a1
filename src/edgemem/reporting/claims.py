"""All claims, judged by one campaign for its report and by the published ones for the documentation."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from edgemem.reporting.further_claims import FURTHER
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.pages import Table
from edgemem.reporting.paper_claims import PAPER
from edgemem.reporting.verdicts import cannot_tell


class Judged(NamedTuple):
    """A claim with its numbers and its verdict."""

    name: str
    claim: str
    paper: str
    ours: str
    verdict: str


def campaign_claims(metrics: Metrics, cases: list[str], beyond: bool = False) -> list[Judged]:
    """Return the claims of the paper, or those beyond it, judged by one campaign.

    **Arguments:** `cases`: names of the campaign's cases whose denoiser has components; the paper speaks of no others.
    """
    nothing = cannot_tell("speaks of models with components alone")
    return [
        Judged(claim.name, claim.text, claim.paper, *(claim.judge(metrics, cases) if cases else nothing))
        for claim in (FURTHER if beyond else PAPER)
    ]


def judged_table(judged: Iterable[Judged]) -> Table:
    """Return judged claims as a table."""
    rows = [[claim.claim, claim.paper, claim.ours, claim.verdict] for claim in judged]
    return Table(["claim", "paper", "here", "verdict"], rows)


def documented_claims(campaigns: Mapping[str, Metrics], beyond: bool = False) -> Table:
    """Return the claims, one row for each of the published campaigns by which it is judged."""
    rows = []
    for claim in FURTHER if beyond else PAPER:
        for i, campaign in enumerate(claim.campaigns):
            metrics = campaigns[campaign]
            ours, verdict = claim.judge(metrics, cases_of(metrics))
            text = [f"**{claim.name}**", ""] if i else [f"**{claim.name}.** {claim.text}", claim.paper]
            rows.append([*text, f"`{campaign}`", ours, f"**{verdict}**"])
    return Table(["claim", "paper", "campaign", "here, 95 % intervals in brackets", "verdict"], rows)


def rules_table() -> Table:
    """Return the rules by which claims are judged, in words; whatever is neither shown cannot be told."""
    rows = [
        [claim.name, claim.rule.quantity, claim.rule.supported, claim.rule.contradicted] for claim in PAPER + FURTHER
    ]
    return Table(["claim", "quantity", "supported if", "contradicted if"], rows)


def cases_of(metrics: Metrics) -> list[str]:
    """Return the cases with components that metrics speak of: a learned variance is reported of no others."""
    measured = [name.removesuffix("/m50_pooled") for name in metrics if name.endswith("/m50_pooled")]
    return [case for case in measured if any(name.startswith(f"{case}/learned_variance_at_") for name in metrics)]
