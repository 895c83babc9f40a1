# Not part of a results folder: `snakemake docs/protocols.md --configfile experiments/protocols.yaml`. The page has the
# campaign's name, and is made of the template of that name.
localrules:
    publish_protocols,


rule publish_protocols:
    input:
        template=f"docs/templates/{PLAN.name}.md",
        data=rules.compare.output.comparison,
        table=rules.compare.output.table,
        image=f"{PLAN.folder}/figures/protocols.png",
        numbers=["config.yaml", f"docs/measured/{PLAN.name}.json"],
        code=PLAN.code("publish"),
    output:
        page=f"docs/{PLAN.name}.md",
        image=f"docs/images/{PLAN.name}.png",
    log:
        PLAN.log("publish"),
    benchmark:
        PLAN.benchmark("publish")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        f"publish the comparison of protocols in docs/{PLAN.name}.md"
    shell:
        "NPROC={threads} python -m edgemem publish {input.template} {output.page} --data {input.data} "
        "--table {input.table} --image {input.image} --copy {output.image} --numbers {input.numbers} "
        "2>&1 | tee {log}"
