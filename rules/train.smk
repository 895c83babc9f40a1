rule train:
    input:
        samples=rules.sample.output[0],
        code=CODE.of("edgemem.stages.train"),
    output:
        f"{RESULTS}/models/{{setting}}/seed{{seed}}/{{protocol}}.nc",
    params:
        spec=train_spec,
    log:
        f"{RESULTS}/logs/train/{{setting}}/seed{{seed}}/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{setting}}/seed{{seed}}/{{protocol}}.tsv"
    threads: 1
    resources:
        mem_mb=train_memory,
        runtime=train_minutes,
        gpu=1,
    message:
        "train {wildcards.setting}, seed {wildcards.seed}, protocol {wildcards.protocol}"
    shell:
        ENVIRONMENT + "python -m edgemem train {input.samples} {output} --spec {params.spec:q} 2>&1 | tee {log}"
