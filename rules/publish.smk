# What results bring into the documentation. None of it is part of a results folder; ask for it by name, as in
# `snakemake collect --cores all --configfile experiments/paper.yaml`.
localrules:
    collect,
    claims,


rule collect:
    input:
        template="docs/templates/results.md",
        evaluations=each_setting_and_seed(rules.evaluate.output[0]),
        metrics=rules.regress.output.metrics,
        figures=campaign_figures("png"),
        code=CODE.of("edgemem.stages.collect"),
    output:
        page=f"docs/results/{CAMPAIGN.campaign}/README.md",
        metrics=f"docs/results/{CAMPAIGN.campaign}/metrics.json",
        figures=[f"docs/results/{CAMPAIGN.campaign}/{Path(picture).name}" for picture in campaign_figures("png")],
    log:
        f"{RESULTS}/logs/collect/{CAMPAIGN.campaign}.log",
    benchmark:
        f"{RESULTS}/benchmarks/collect/{CAMPAIGN.campaign}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=CAMPAIGN.collect_spec().canonical(),
        benchmarks=f"{RESULTS}/benchmarks",
        folder=collect_folder,
    message:
        f"collect the results of campaign {CAMPAIGN.campaign}"
    # Benchmarks are no inputs: where results were copied without them, they would ask for everything again.
    shell:
        "NPROC={threads} python -m edgemem collect {input.template} {input.evaluations} --metrics {input.metrics} "
        "--figures {input.figures} --benchmarks {params.benchmarks} --out {params.folder} --spec - <<< {params.spec:q} "
        "2>&1 | tee {log}"


rule claims:
    input:
        template="docs/templates/claims.md",
        metrics=[f"docs/results/{campaign}/metrics.json" for campaign in CLAIMED],
        code=CODE.of("edgemem.stages.claims"),
    output:
        page="docs/claims.md",
    log:
        f"{RESULTS}/logs/claims/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/claims/claims.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        "judge the claims of the paper"
    shell:
        "NPROC={threads} python -m edgemem claims {input.template} {output.page} --metrics {input.metrics} "
        "2>&1 | tee {log}"
