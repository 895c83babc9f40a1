"""All claims, judged by one campaign for its report and by the published ones for the documentation."""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from edgemem.reporting.compared_claims import COMPARED
from edgemem.reporting.compared_judges import NOTHING, started_elsewhere
from edgemem.reporting.flow_claims import CLAIMS as FLOW_CLAIMS
from edgemem.reporting.further_claims import FURTHER
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.pages import Table
from edgemem.reporting.paper_claims import PAPER
from edgemem.reporting.rules import Claim
from edgemem.reporting.timed_claims import CLAIMS as TIMED_CLAIMS
from edgemem.reporting.verdicts import cannot_tell


class Judged(NamedTuple):
    """A claim with its numbers and its verdict."""

    name: str
    claim: str
    paper: str
    ours: str
    verdict: str


def campaign_claims(metrics: Metrics, cases: list[str], claims: Iterable[Claim] = PAPER) -> list[Judged]:
    """Return claims, those of the paper unless told otherwise, judged by one campaign.

    **Arguments:** `cases`: names of the campaign's cases whose denoiser has components; the paper speaks of no others,
    and of none whose training starts elsewhere than at the training samples.
    """
    nothing = cannot_tell("speaks of models with components alone")
    elsewhere = started_elsewhere(metrics)
    own = [case for case in cases if case not in elsewhere]
    return [
        Judged(claim.name, claim.text, claim.paper, *(claim.judge(metrics, own) if own else nothing))
        for claim in claims
    ]


def compared_claims(metrics: Metrics, cases: list[str]) -> list[Judged]:
    """Return the claims about models that are compared with each other, of which a campaign compares any."""
    return [judged for judged in campaign_claims(metrics, cases, COMPARED) if judged.ours != NOTHING]


def timed_claims(metrics: Metrics, networks: Collection[str]) -> list[Judged]:
    """Return the claims on training times, which speak of the models that are networks, of which a campaign judges any.

    A time is that of a model by its name, `times/SETTING/MODEL/...`.
    """
    others = {name for name in metrics if name.startswith("times/") and name.split("/")[2] not in networks}
    return _any_judged({name: value for name, value in metrics.items() if name not in others}, TIMED_CLAIMS)


def flow_claims(metrics: Metrics) -> list[Judged]:
    """Return the claims on random features of which a campaign judges any."""
    return _any_judged(metrics, FLOW_CLAIMS)


def _any_judged(metrics: Metrics, claims: Iterable[Claim]) -> list[Judged]:
    """Return what is said of claims, whatever the cases, without those of which nothing can be said."""
    judged = [Judged(claim.name, claim.text, claim.paper, *claim.judge(metrics, [])) for claim in claims]
    return [one for one in judged if one.ours != NOTHING]


def judged_table(judged: Iterable[Judged]) -> Table:
    """Return judged claims as a table."""
    rows = [[claim.claim, claim.paper, claim.ours, claim.verdict] for claim in judged]
    return Table(["claim", "paper", "here", "verdict"], rows)


def documented_claims(campaigns: Mapping[str, Metrics], claims: Iterable[Claim] = PAPER) -> Table:
    """Return claims, one row for each of the published campaigns by which it is judged."""
    rows = []
    for claim in claims:
        for i, campaign in enumerate(claim.campaigns):
            metrics = campaigns[campaign]
            ours, verdict = claim.judge(metrics, cases_of(metrics))
            text = [f"**{claim.name}**", ""] if i else [f"**{claim.name}.** {claim.text}", claim.paper]
            rows.append([*text, f"`{campaign}`", ours, f"**{verdict}**"])
    return Table(["claim", "paper", "campaign", "here, 95 % intervals in brackets", "verdict"], rows)


def rules_table(claims: Iterable[Claim] = (*PAPER, *FURTHER, *COMPARED)) -> Table:
    """Return the rules by which claims are judged, in words; whatever is neither shown cannot be told."""
    rows = [[claim.name, claim.rule.quantity, claim.rule.supported, claim.rule.contradicted] for claim in claims]
    return Table(["claim", "quantity", "supported if", "contradicted if"], rows)


def cases_of(metrics: Metrics) -> list[str]:
    """Return the cases of which the paper speaks: with components, a learned variance being reported of no others, and
    from the training samples, if starts are compared."""
    measured = [name.removesuffix("/m50_pooled") for name in metrics if name.endswith("/m50_pooled")]
    elsewhere = started_elsewhere(metrics)
    return [
        case
        for case in measured
        if case not in elsewhere and any(name.startswith(f"{case}/learned_variance_at_") for name in metrics)
    ]
