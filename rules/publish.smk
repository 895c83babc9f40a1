# What results bring into the documentation. None of it is part of a results folder; ask for it by name, as in
# `snakemake collect --cores all --configfile experiments/paper.yaml`.
localrules:
    collect,
    claims,
    pages,


rule collect:
    input:
        template="docs/templates/results.md",
        evaluations=PLAN.files("evaluations"),
        metrics=rules.regress.output.metrics,
        sensitivity=PLAN.read_by_figures("sensitivity"),
        barriers=PLAN.read_by_figures("barriers"),
        agreements=PLAN.read_by_figures("agreements"),
        figures=PLAN.files("png"),
        extensions=PLAN.extensions("collect"),
        code=PLAN.code("collect"),
    output:
        page=f"docs/results/{PLAN.name}/README.md",
        metrics=f"docs/results/{PLAN.name}/metrics.json",
        figures=[f"docs/results/{PLAN.name}/{Path(image).name}" for image in PLAN.files("png")],
    log:
        PLAN.log("collect"),
    benchmark:
        PLAN.benchmark("collect")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec=PLAN.spec("collect"),
        folder=PLAN.page_folder,
    message:
        f"collect the results of campaign {PLAN.name}"
    # Benchmarks are read where they are, and are no inputs: results without them would ask for everything again.
    shell:
        "NPROC={threads} python -m edgemem collect {input.template} {input.evaluations} --metrics {input.metrics} "
        "--sensitivity {input.sensitivity} --barriers {input.barriers} --agreements {input.agreements} "
        "--figures {input.figures} --out {params.folder} "
        "--extensions {input.extensions:q} --spec - <<< {params.spec:q} 2>&1 | tee {log}"


SOLVED_METRICS = [f"docs/results/{campaign}/metrics.json" for campaign in SOLVED]


rule claims:
    input:
        template="docs/templates/claims.md",
        metrics=[f"docs/results/{campaign}/metrics.json" for campaign in CLAIMED],
        timed=[str(path) for path in Path(f"docs/results/{TIMED}").glob("metrics.json")],
        # All of them or none.
        solved=SOLVED_METRICS if all(map(os.path.exists, SOLVED_METRICS)) else [],
        code=PLAN.code("claims"),
    output:
        page="docs/claims.md",
    log:
        PLAN.log("claims"),
    benchmark:
        PLAN.benchmark("claims")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        "judge the claims of the paper"
    shell:
        "NPROC={threads} python -m edgemem claims {input.template} {output.page} --metrics {input.metrics} "
        "--timed {input.timed} --solved {input.solved} 2>&1 | tee {log}"


# To be updated: else Snakemake would remove the pages first, and a slip in a template would cost all of them.
rule pages:
    input:
        templates=[f"{TEMPLATES}/{Path(page).name}" for page in PAGES],
        numbers=sorted(str(path) for pattern in NUMBERS for path in Path().glob(pattern)),
        code=PLAN.code("pages"),
    output:
        pages=[update(page) for page in PAGES],
    log:
        PLAN.log("pages"),
    benchmark:
        PLAN.benchmark("pages")
    conda:
        "../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    message:
        "write the pages of the documentation from templates and numbers"
    shell:
        "NPROC={threads} python -m edgemem pages {output.pages} --numbers {input.numbers} 2>&1 | tee {log}"
