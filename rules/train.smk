rule train:
    input:
        samples=PLAN.of_job("samples"),
        extensions=PLAN.extensions("train"),
        code=PLAN.code("train"),
    output:
        PLAN.path("models"),
    log:
        PLAN.log("train"),
    benchmark:
        PLAN.benchmark("train")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=PLAN.memory("train"),
        runtime=PLAN.minutes("train"),
        gpu=1,
    params:
        spec=PLAN.spec("train"),
    message:
        "train {wildcards.model} on {wildcards.setting}, seed {wildcards.seed}"
    # When a job's time is over, SLURM sends SIGTERM to all its processes. Were the shell to end, SLURM would kill
    # training at once; were `tee` to end, training could log nothing any more.
    shell:
        "trap : TERM; NPROC={threads} python -m edgemem train {input.samples} {output} "
        "--extensions {input.extensions:q} --spec {params.spec:q} 2>&1 | (trap '' TERM; exec tee {log})"
