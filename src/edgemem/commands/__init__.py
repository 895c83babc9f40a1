"""Commands that are no stage: they look at a campaign, and make none of its files."""
