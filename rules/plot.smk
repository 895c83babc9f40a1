rule plot:
    input:
        data=PLAN.drawn_from,
        extensions=PLAN.extensions("plot"),
        code=PLAN.code("plot"),
    output:
        pdf=PLAN.path("pdf"),
        png=PLAN.path("png"),
        csv=PLAN.path("csv"),
        column_pdf=PLAN.path("column_pdf"),
        column_png=PLAN.path("column_png"),
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
        "NPROC={threads} python -m edgemem plot {params.name} {input.data} "
        "--out {output.pdf} {output.png} {output.csv} --column {output.column_pdf} {output.column_png} "
        "--extensions {input.extensions:q} --spec {params.spec:q} 2>&1 | tee {log}"
