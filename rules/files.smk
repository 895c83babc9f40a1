rule files:
    input:
        extensions=PLAN.extensions("files"),
        code=PLAN.code("files"),
    output:
        PLAN.path("files"),
    log:
        PLAN.log("files"),
    benchmark:
        PLAN.benchmark("files")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=PLAN.spec("files"),
    message:
        f"list the files of campaign {PLAN.name}"
    shell:
        "NPROC={threads} python -m edgemem files {output} --extensions {input.extensions:q} "
        "--spec - <<< {params.spec:q} 2>&1 | tee {log}"
