rule agreement:
    input:
        samples=PLAN.of_job("samples"),
        models=PLAN.of_job("models"),
        other_samples=PLAN.of_other_part("samples"),
        other_models=PLAN.of_other_part("models"),
        extensions=PLAN.extensions("agreement"),
        code=PLAN.code("agreement"),
    output:
        PLAN.path("agreements"),
    log:
        PLAN.log("agreement"),
    benchmark:
        PLAN.benchmark("agreement")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=PLAN.memory("agreement"),
        runtime=PLAN.minutes("agreement"),
    params:
        spec=PLAN.spec("agreement"),
    message:
        "agreement of {wildcards.model} on two parts of {wildcards.setting}, seed {wildcards.seed}"
    shell:
        "NPROC={threads} python -m edgemem agreement {input.samples} {input.models} {input.other_samples} "
        "{input.other_models} {output} --extensions {input.extensions:q} --spec {params.spec:q} 2>&1 | tee {log}"
