"""edgemem: sample -> train -> evaluate -> regress -> plot."""

from snakemake.utils import min_version

min_version("9.27")


include: "rules/common.smk"
include: "rules/sample.smk"
include: "rules/train.smk"
include: "rules/geometry.smk"
include: "rules/evaluate.smk"
include: "rules/sensitivity.smk"
include: "rules/barrier.smk"
include: "rules/agreement.smk"
include: "rules/regress.smk"
include: "rules/files.smk"
include: "rules/plot.smk"
include: "rules/report.smk"
include: "rules/publish.smk"


if PLAN.campaign.has_figure("protocols"):

    include: "rules/compare.smk"
    include: "rules/publish_protocols.smk"


# Reads what is already here: not worth a job on a cluster.
localrules:
    all,
    figures,
    files,
    report,


rule figures:
    input:
        PLAN.files("transition", "regression", "metrics", "comparison", "table", *STAGES["plot"].files),


rule all:
    default_target: True
    input:
        PLAN.own_files(),


# Reading the workflow changes nothing on disk; running it repairs what disks and clocks have done.
onstart:
    PLAN.repair()


onsuccess:
    print(PLAN.last_lines())
