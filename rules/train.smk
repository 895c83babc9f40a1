rule train:
    input:
        samples=rules.sample.output[0],
        code=CODE.of("edgemem.stages.train"),
    output:
        f"{RESULTS}/models/{{setting}}/seed{{seed}}/{{protocol}}.nc",
    log:
        f"{RESULTS}/logs/train/{{setting}}/seed{{seed}}/{{protocol}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{setting}}/seed{{seed}}/{{protocol}}.tsv"
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=train_memory,
        runtime=train_minutes,
        gpu=1,
    params:
        spec=train_spec,
    message:
        "train {wildcards.setting}, seed {wildcards.seed}, protocol {wildcards.protocol}"
    # When a job's time is over, SLURM sends SIGTERM to all its processes. Were the shell to end, SLURM would kill
    # training at once; were `tee` to end, training could say nothing any more.
    shell:
        "trap : TERM; NPROC={threads} python -m edgemem train {input.samples} {output} --spec {params.spec:q} 2>&1 "
        "| (trap '' TERM; exec tee {log})"
