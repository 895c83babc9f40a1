rule compare:
    input:
        evaluations=compared(rules.evaluate.output[0]),
        code=CODE.of("edgemem.stages.compare"),
    output:
        comparison=f"{CAMPAIGN_RESULTS}/protocols.nc",
        table=f"{CAMPAIGN_RESULTS}/protocols.md",
    log:
        f"{RESULTS}/logs/compare/{CAMPAIGN.campaign}.log",
    benchmark:
        f"{RESULTS}/benchmarks/compare/{CAMPAIGN.campaign}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=tables_memory,
        runtime=tables_minutes,
    params:
        spec=compare_spec,
    message:
        f"compare the protocols of campaign {CAMPAIGN.campaign}"
    shell:
        "NPROC={threads} python -m edgemem compare {input.evaluations} --comparison {output.comparison} "
        "--table {output.table} --spec - <<< {params.spec:q} 2>&1 | tee {log}"
