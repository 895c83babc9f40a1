rule sensitivity:
    input:
        samples=rules.sample.output[0],
        models=rules.train.output[0],
        code=CODE.of("edgemem.stages.sensitivity"),
    output:
        f"{RESULTS}/sensitivity/{{setting}}/seed{{seed}}/{{protocol}}.nc",
    log:
        f"{RESULTS}/logs/sensitivity/{{setting}}/seed{{seed}}/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sensitivity/{{setting}}/seed{{seed}}/{{protocol}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=sensitivity_memory,
        runtime=sensitivity_minutes,
    params:
        spec=sensitivity_spec,
    message:
        "sensitivity of {wildcards.setting}, seed {wildcards.seed}, protocol {wildcards.protocol}"
    shell:
        "NPROC={threads} python -m edgemem sensitivity {input.samples} {input.models} {output} "
        "--spec {params.spec:q} 2>&1 | tee {log}"
