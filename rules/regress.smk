rule regress:
    input:
        evaluations=PLAN.files("evaluations"),
        extensions=PLAN.extensions("regress"),
        code=PLAN.code("regress"),
    output:
        transition=PLAN.path("transition"),
        regression=PLAN.path("regression"),
        metrics=PLAN.path("metrics"),
    log:
        PLAN.log("regress"),
    benchmark:
        PLAN.benchmark("regress")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=PLAN.memory("regress"),
        runtime=PLAN.minutes("regress"),
    params:
        spec=PLAN.spec("regress"),
    message:
        f"regress the transitions of campaign {PLAN.name}"
    # Of a large campaign the spec is longer than an argument may be.
    shell:
        "NPROC={threads} python -m edgemem regress {input.evaluations} --transition {output.transition} "
        "--regression {output.regression} --metrics {output.metrics} --extensions {input.extensions:q} "
        "--spec - <<< {params.spec:q} 2>&1 | tee {log}"
