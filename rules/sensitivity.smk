rule sensitivity:
    input:
        samples=PLAN.of_job("samples"),
        models=PLAN.of_job("models"),
        extensions=PLAN.extensions("sensitivity"),
        code=PLAN.code("sensitivity"),
    output:
        PLAN.path("sensitivity"),
    log:
        PLAN.log("sensitivity"),
    benchmark:
        PLAN.benchmark("sensitivity")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=PLAN.memory("sensitivity"),
        runtime=PLAN.minutes("sensitivity"),
    params:
        spec=PLAN.spec("sensitivity"),
    message:
        "sensitivity of {wildcards.model} on {wildcards.setting}, seed {wildcards.seed}"
    shell:
        "NPROC={threads} python -m edgemem sensitivity {input.samples} {input.models} {output} "
        "--extensions {input.extensions:q} --spec {params.spec:q} 2>&1 | tee {log}"
