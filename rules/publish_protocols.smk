# Not part of a results folder: `snakemake docs/protocols.md --configfile experiments/protocols.yaml`.
localrules:
    publish_protocols,


rule publish_protocols:
    input:
        template="docs/templates/protocols.md",
        data=rules.compare.output.comparison,
        table=rules.compare.output.table,
        picture=f"{CAMPAIGN_RESULTS}/figures/protocols.png",
        code=CODE.of("edgemem.stages.publish"),
    output:
        page="docs/protocols.md",
        picture="docs/images/protocols.png",
    log:
        f"{RESULTS}/logs/publish/protocols.log",
    benchmark:
        f"{RESULTS}/benchmarks/publish/protocols.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        "publish the comparison of protocols in docs/protocols.md"
    shell:
        "NPROC={threads} python -m edgemem publish {input.template} {output.page} --data {input.data} "
        "--table {input.table} --picture {input.picture} --copy {output.picture} 2>&1 | tee {log}"
