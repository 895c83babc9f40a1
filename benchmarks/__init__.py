"""Speed and memory of the training engine; `make bench` prints one table."""
