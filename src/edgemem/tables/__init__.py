"""The tables of a campaign, made of the evaluations of all its settings and seeds."""
