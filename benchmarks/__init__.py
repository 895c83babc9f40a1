"""Speed and memory of engine and workflow (`make bench` prints a table), and how often verdicts are false."""
