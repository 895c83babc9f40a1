rule evaluate:
    input:
        samples=rules.sample.output[0],
        models=rules.train.output[0],
        code=CODE.of("edgemem.stages.evaluate"),
    output:
        f"{RESULTS}/evaluations/{{setting}}/seed{{seed}}/{{protocol}}.nc",
    params:
        spec=evaluate_spec,
    log:
        f"{RESULTS}/logs/evaluate/{{setting}}/seed{{seed}}/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{{setting}}/seed{{seed}}/{{protocol}}.tsv"
    threads: 1
    resources:
        mem_mb=evaluate_memory,
        runtime=60,
    message:
        "evaluate {wildcards.setting}, seed {wildcards.seed}, protocol {wildcards.protocol}"
    shell:
        ENVIRONMENT + "python -m edgemem evaluate {input.samples} {input.models} {output} --spec {params.spec:q} "
        "2>&1 | tee {log}"
