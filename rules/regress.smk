rule regress:
    input:
        evaluations=each_setting_and_seed(rules.evaluate.output[0]),
        code=CODE.of("edgemem.stages.regress"),
    output:
        transition=f"{CAMPAIGN_RESULTS}/transition.nc",
        regression=f"{CAMPAIGN_RESULTS}/regression.nc",
        metrics=f"{CAMPAIGN_RESULTS}/metrics.json",
    log:
        f"{RESULTS}/logs/regress/{CAMPAIGN.campaign}.log",
    benchmark:
        f"{RESULTS}/benchmarks/regress/{CAMPAIGN.campaign}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=tables_memory,
        runtime=tables_minutes,
    params:
        spec=CAMPAIGN.regress_spec().canonical(),
    message:
        f"regress the transitions of campaign {CAMPAIGN.campaign}"
    # Of a large campaign the spec is longer than an argument may be.
    shell:
        "NPROC={threads} python -m edgemem regress {input.evaluations} --transition {output.transition} "
        "--regression {output.regression} --metrics {output.metrics} --spec - <<< {params.spec:q} 2>&1 | tee {log}"
