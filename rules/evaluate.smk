rule evaluate:
    input:
        samples=PLAN.of_job("samples"),
        models=PLAN.of_job("models"),
        geometry=PLAN.geometry,
        extensions=PLAN.extensions("evaluate"),
        code=PLAN.code("evaluate"),
    output:
        PLAN.path("evaluations"),
    log:
        PLAN.log("evaluate"),
    benchmark:
        PLAN.benchmark("evaluate")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=PLAN.memory("evaluate"),
        runtime=PLAN.minutes("evaluate"),
    params:
        spec=PLAN.spec("evaluate"),
    message:
        "evaluate {wildcards.model} on {wildcards.setting}, seed {wildcards.seed}"
    shell:
        "NPROC={threads} python -m edgemem evaluate {input.samples} {input.models} {output} "
        "--geometry {input.geometry} --extensions {input.extensions:q} --spec {params.spec:q} 2>&1 | tee {log}"
