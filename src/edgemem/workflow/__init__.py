"""What knows Snakemake: the plan of a campaign, code inputs, resources, repair."""
