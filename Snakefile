"""edgemem: sample -> train -> evaluate -> regress -> plot."""

from snakemake.utils import min_version

min_version("9.27")


include: "rules/common.smk"
include: "rules/sample.smk"
include: "rules/train.smk"
include: "rules/evaluate.smk"
include: "rules/sensitivity.smk"
include: "rules/regress.smk"
include: "rules/plot.smk"
include: "rules/report.smk"
include: "rules/publish.smk"


if COMPARES_PROTOCOLS:

    include: "rules/compare.smk"
    include: "rules/publish_protocols.smk"


TRUNCATED = mend(
    *(path for rule in (rules.sample, rules.train, rules.evaluate) for path in each_setting_and_seed(rule.output[0])),
    *campaign_files(),
)


# Reads what is already here: not worth a job on a cluster.
localrules:
    all,
    figures,
    report,


rule figures:
    input:
        campaign_files(),
        TRUNCATED,


rule all:
    default_target: True
    input:
        campaign_files(),
        rules.report.output,
        TRUNCATED,


onsuccess:
    print(f"Figures: {CAMPAIGN_RESULTS}/figures\nReport:  {CAMPAIGN_RESULTS}/report.html")
