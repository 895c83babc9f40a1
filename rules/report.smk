rule report:
    input:
        template="docs/templates/report.html",
        data=report_data,
        metrics=rules.regress.output.metrics,
        figures=campaign_figures("pdf", "png"),
        code=CODE.of("edgemem.stages.report"),
    output:
        f"{CAMPAIGN_RESULTS}/report.html",
    log:
        f"{RESULTS}/logs/report/{CAMPAIGN.campaign}.log",
    benchmark:
        f"{RESULTS}/benchmarks/report/{CAMPAIGN.campaign}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=report_spec,
        benchmarks=f"{RESULTS}/benchmarks",
    message:
        f"report on campaign {CAMPAIGN.campaign}"
    # Benchmarks are no inputs: where results were copied without them, they would ask for everything again.
    shell:
        "NPROC={threads} python -m edgemem report {input.template} {input.data} --metrics {input.metrics} "
        "--figures {input.figures} --benchmarks {params.benchmarks} --out {output} --spec - <<< {params.spec:q} "
        "2>&1 | tee {log}"
