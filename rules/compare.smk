rule compare:
    input:
        evaluations=PLAN.compared(),
        extensions=PLAN.extensions("compare"),
        code=PLAN.code("compare"),
    output:
        comparison=PLAN.path("comparison"),
        table=PLAN.path("table"),
    log:
        PLAN.log("compare"),
    benchmark:
        PLAN.benchmark("compare")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=PLAN.memory("compare"),
        runtime=PLAN.minutes("compare"),
    params:
        spec=PLAN.spec("compare"),
    message:
        f"compare the protocols of campaign {PLAN.name}"
    shell:
        "NPROC={threads} python -m edgemem compare {input.evaluations} --comparison {output.comparison} "
        "--table {output.table} --extensions {input.extensions:q} --spec - <<< {params.spec:q} 2>&1 | tee {log}"
