"""Tests of the workflow's promises: which jobs a change reruns, what a failure leaves behind, what a job may use."""
