rule evaluate:
    input:
        samples=rules.sample.output[0],
        models=rules.train.output[0],
        code=CODE.of("edgemem.stages.evaluate"),
    output:
        f"{RESULTS}/evaluations/{{setting}}/seed{{seed}}/{{protocol}}.nc",
    log:
        f"{RESULTS}/logs/evaluate/{{setting}}/seed{{seed}}/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{{setting}}/seed{{seed}}/{{protocol}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=evaluate_memory,
        runtime=evaluate_minutes,
    params:
        spec=evaluate_spec,
    message:
        "evaluate {wildcards.setting}, seed {wildcards.seed}, protocol {wildcards.protocol}"
    shell:
        "NPROC={threads} python -m edgemem evaluate {input.samples} {input.models} {output} --spec {params.spec:q} "
        "2>&1 | tee {log}"
