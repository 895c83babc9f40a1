rule barrier:
    input:
        samples=PLAN.of_job("samples"),
        models=PLAN.of_job("models"),
        others=PLAN.models_at_the_end,
        extensions=PLAN.extensions("barrier"),
        code=PLAN.code("barrier"),
    output:
        PLAN.path("barriers"),
    log:
        PLAN.log("barrier"),
    benchmark:
        PLAN.benchmark("barrier")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=PLAN.memory("barrier"),
        runtime=PLAN.minutes("barrier"),
    params:
        spec=PLAN.spec("barrier"),
    message:
        "barrier from {wildcards.model} on {wildcards.setting}, seed {wildcards.seed}"
    shell:
        "NPROC={threads} python -m edgemem barrier {input.samples} {input.models} {input.others} {output} "
        "--extensions {input.extensions:q} --spec {params.spec:q} 2>&1 | tee {log}"
