rule report:
    input:
        template="docs/templates/report.html",
        parts=["docs/templates/base.html", "docs/templates/parts.html"],
        data=PLAN.reported(),
        metrics=rules.regress.output.metrics,
        figures=PLAN.files("pdf", "png", "csv", "column_png"),
        extensions=PLAN.extensions("report"),
        code=PLAN.code("report"),
    output:
        PLAN.path("report"),
    log:
        PLAN.log("report"),
    benchmark:
        PLAN.benchmark("report")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=PLAN.spec("report"),
    message:
        f"report on campaign {PLAN.name}"
    # Benchmarks are read where they are, and are no inputs: results without them would ask for everything again.
    shell:
        "NPROC={threads} python -m edgemem report {input.template} {input.data} --metrics {input.metrics} "
        "--figures {input.figures} --out {output} "
        "--extensions {input.extensions:q} --spec - <<< {params.spec:q} 2>&1 | tee {log}"
