rule plot:
    input:
        data=plot_data,
        code=plot_code,
    output:
        pdf=f"{CAMPAIGN_RESULTS}/figures/{{figure}}.pdf",
        png=f"{CAMPAIGN_RESULTS}/figures/{{figure}}.png",
    log:
        f"{RESULTS}/logs/plot/{CAMPAIGN.campaign}/{{figure}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot/{CAMPAIGN.campaign}/{{figure}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=tables_memory,
        runtime=tables_minutes,
    params:
        spec=plot_spec,
    message:
        "plot {wildcards.figure}"
    shell:
        "NPROC={threads} python -m edgemem plot {wildcards.figure} {input.data} --out {output.pdf} {output.png} "
        "--spec {params.spec:q} 2>&1 | tee {log}"


use rule plot as plot_setting with:
    output:
        pdf=f"{CAMPAIGN_RESULTS}/figures/{{figure}}_{{setting}}.pdf",
        png=f"{CAMPAIGN_RESULTS}/figures/{{figure}}_{{setting}}.png",
    log:
        f"{RESULTS}/logs/plot/{CAMPAIGN.campaign}/{{figure}}_{{setting}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/plot/{CAMPAIGN.campaign}/{{figure}}_{{setting}}.tsv"
    message:
        "plot {wildcards.figure} of {wildcards.setting}"
