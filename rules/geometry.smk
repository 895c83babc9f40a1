rule geometry:
    input:
        samples=PLAN.of_job("samples"),
        extensions=PLAN.extensions("geometry"),
        code=PLAN.code("geometry"),
    output:
        PLAN.path("geometry"),
    log:
        PLAN.log("geometry"),
    benchmark:
        PLAN.benchmark("geometry")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=PLAN.memory("geometry"),
        runtime=PLAN.minutes("geometry"),
    params:
        spec=PLAN.spec("geometry"),
    message:
        "geometry of {wildcards.setting}, seed {wildcards.seed}"
    shell:
        "NPROC={threads} python -m edgemem geometry {input.samples} {output} "
        "--extensions {input.extensions:q} --spec {params.spec:q} 2>&1 | tee {log}"
