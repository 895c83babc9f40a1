"""edgemem: sample -> train -> evaluate -> regress -> plot."""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/sample.smk"
include: "rules/train.smk"
include: "rules/evaluate.smk"
include: "rules/regress.smk"
include: "rules/plot.smk"


rule all:
    input:
        campaign_files(),
    default_target: True
