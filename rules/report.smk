rule report:
    input:
        campaign_files(),
        captions="docs/captions/figure.rst",
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
    message:
        f"report on campaign {CAMPAIGN.campaign}"
    # Snakemake writes reports itself, from the records of the jobs that are done by now; the lock is held by the
    # workflow that this rule belongs to.
    shell:
        'eval "snakemake figures --report {output} --nolock $SNAKEMAKE_ARGUMENTS" > {log} 2>&1'
