# Not part of a results folder: `snakemake docs/protocols.md --configfile experiments/protocols.yaml`. The page has the
# campaign's name, and is made of the template of that name.
localrules:
    publish_protocols,


rule publish_protocols:
    input:
        template=f"docs/templates/{CAMPAIGN.campaign}.md",
        data=rules.compare.output.comparison,
        table=rules.compare.output.table,
        picture=f"{CAMPAIGN_RESULTS}/figures/protocols.png",
        code=CODE.of("edgemem.stages.publish"),
    output:
        page=f"docs/{CAMPAIGN.campaign}.md",
        picture=f"docs/images/{CAMPAIGN.campaign}.png",
    log:
        f"{RESULTS}/logs/publish/{CAMPAIGN.campaign}.log",
    benchmark:
        f"{RESULTS}/benchmarks/publish/{CAMPAIGN.campaign}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        f"publish the comparison of protocols in docs/{CAMPAIGN.campaign}.md"
    shell:
        "NPROC={threads} python -m edgemem publish {input.template} {output.page} --data {input.data} "
        "--table {input.table} --picture {input.picture} --copy {output.picture} 2>&1 | tee {log}"
