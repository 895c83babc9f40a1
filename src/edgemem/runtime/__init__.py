"""How a job runs on its machine: devices, compiled programs, checkpoints, progress."""
