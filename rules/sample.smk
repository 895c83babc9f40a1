rule sample:
    input:
        sources=sources,
        code=CODE.of("edgemem.stages.sample"),
    output:
        f"{RESULTS}/samples/{{setting}}/seed{{seed}}.nc",
    log:
        f"{RESULTS}/logs/sample/{{setting}}/seed{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/sample/{{setting}}/seed{{seed}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=sample_memory,
        runtime=10,
    params:
        spec=sample_spec,
    message:
        "sample {wildcards.setting}, seed {wildcards.seed}"
    shell:
        "NPROC={threads} python -m edgemem sample {output} --sources {input.sources:q} --spec {params.spec:q} 2>&1 | tee {log}"
