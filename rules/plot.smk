rule plot:
    input:
        data=PLAN.drawn_from,
        extensions=PLAN.extensions("plot"),
        code=PLAN.code("plot"),
    output:
        pdf=PLAN.path("pdf"),
        png=PLAN.path("png"),
    log:
        PLAN.log("plot"),
    benchmark:
        PLAN.benchmark("plot")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=PLAN.memory("plot"),
        runtime=PLAN.minutes("plot"),
    params:
        name=PLAN.figure,
        spec=PLAN.spec("plot"),
    message:
        "plot {wildcards.figure}"
    shell:
        "NPROC={threads} python -m edgemem plot {params.name} {input.data} --out {output.pdf} {output.png} "
        "--extensions {input.extensions:q} --spec {params.spec:q} 2>&1 | tee {log}"
