"""What computes on data sets: training, evaluation, sensitivity, barriers, agreement."""
