"""The paper's claims: each with its text, the paper's number, and how it is judged."""

from collections.abc import Callable
from typing import NamedTuple

from edgemem.analysis import published
from edgemem.reporting import campaign_verdicts as campaign
from edgemem.reporting import published_verdicts as documented
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.pages import Table
from edgemem.reporting.published_verdicts import Campaigns
from edgemem.reporting.verdicts import UNKNOWN, Judgement


class Claim(NamedTuple):
    """A claim of the paper.

    **Attributes:** `text`: the claim; `paper`: what the paper gives for it; `documented`: judges it in the
    documentation, by five campaigns; `campaign`: judges it in the report of one campaign, by its metrics and the names
    of its cases, where one campaign alone can tell; `{}` in the text is `detail` in the documentation, and nothing in a
    report.
    """

    text: str
    paper: str
    documented: Callable[[Campaigns], Judgement]
    campaign: Callable[[Metrics, list[str]], Judgement] | None = None
    detail: str = ""


class Judged(NamedTuple):
    """A claim with its numbers and its verdict."""

    claim: str
    paper: str
    ours: str
    verdict: str


CLAIMS = (
    Claim(
        "A transition exists: small models generalize, models of nearly N components reproduce samples",
        "ratio near 0 at M/N = 0.5, 1.00 at 0.96",
        documented.transition_exists,
        campaign.transition_exists,
    ),
    Claim(
        "The transition is at four fifths of N in every setting",
        f"{published.TRANSITION:g} N",
        documented.transition_point,
        campaign.transition_point,
    ),
    Claim(
        "A regression on the two losses predicts the transition point with a mean squared error of 2e-4 on settings "
        "held out",
        f"≤ {published.REGRESSION_ERROR:.0e}",
        documented.regression,
        campaign.regression,
    ),
    Claim(
        "The generalizing loss is d σ*² / (1 + ψ σ*²) (theorem 3.1{})",
        "agreement in figure 1",
        documented.generalizing_loss,
        campaign.generalizing_loss,
        detail="; N = 200, d = 50, K = 12",
    ),
    Claim(
        "The partially memorizing loss is C (1 − M/N) d σ*² with C between 1 and 2, drawn with C = 2 (theorem 3.2)",
        "C = 2",
        documented.partially_memorizing_loss,
        campaign.partially_memorizing_loss,
    ),
    Claim(
        "The learned variance falls linearly to zero",
        "figure 6: 0.884 at M/N = 0.1 to 0 at 1",
        documented.variance_is_linear,
    ),
    Claim(
        "Seeds matter little",
        "ratios at M/N = 0.80 of three seeds from {:.2f} to {:.2f} (figure 7)".format(*published.SEED_RATIOS[0.8]),
        documented.seeds_matter_little,
        campaign.seeds_matter_little,
    ),
    Claim(
        "The training loss of figure 2: along the generalizing loss, then down to zero",
        "ten values",
        documented.training_losses,
    ),
    Claim(
        "The transition is where the two losses cross, all times weighted equally{}",
        "not tested: σ*² = 1 throughout",
        documented.losses_cross,
        campaign.losses_cross,
        detail=": tested where that predicts different transition points",
    ),
    Claim(
        "With suitable weights λ̃ of the times the losses cross where the transition is: weights fitted to other "
        "variances, used on a variance left out",
        "not tested",
        documented.some_weights_predict,
    ),
    Claim(
        "The transition persists where samples are coloured templates of FashionMNIST (section 4.2; N = 100, K = 4)",
        "figure 5",
        documented.images_have_a_transition,
    ),
)


def campaign_claims(metrics: Metrics, cases: list[str]) -> list[Judged]:
    """Return the claims of which any campaign can tell something.

    **Arguments:** `cases`: names of the campaign's cases whose denoiser has components; the paper speaks of no others.
    """
    nothing = Judgement("speaks of models with components alone", UNKNOWN)
    return [
        Judged(claim.text.format(""), claim.paper, *(claim.campaign(metrics, cases) if cases else nothing))
        for claim in CLAIMS
        if claim.campaign is not None
    ]


def documented_claims(campaigns: Campaigns) -> Table:
    """Return all claims, judged by the five campaigns of the documentation."""
    header = ["claim", "paper", "here, 95 % intervals in brackets", "verdict"]
    rows = []
    for claim in CLAIMS:
        ours, verdict = claim.documented(campaigns)
        rows.append([claim.text.format(claim.detail), claim.paper, ours, f"**{verdict}**"])
    return Table(header, rows)
