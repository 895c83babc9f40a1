rule sample:
    input:
        sources=PLAN.sources,
        extensions=PLAN.extensions("sample"),
        code=PLAN.code("sample"),
    output:
        PLAN.path("samples"),
    log:
        PLAN.log("sample"),
    benchmark:
        PLAN.benchmark("sample")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=PLAN.memory("sample"),
        runtime=PLAN.minutes("sample"),
    params:
        spec=PLAN.spec("sample"),
    message:
        "sample {wildcards.setting}, seed {wildcards.seed}"
    shell:
        "NPROC={threads} python -m edgemem sample {output} --sources {input.sources:q} "
        "--extensions {input.extensions:q} --spec {params.spec:q} 2>&1 | tee {log}"
