"""Speed and memory of the training engine and of the workflow; `make bench` prints one table of the engine."""
