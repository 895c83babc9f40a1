"""From the evaluations of a campaign to its transitions, predictions and summary metrics."""
