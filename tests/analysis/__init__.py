"""The tables of a campaign, from evaluations that are made up."""
