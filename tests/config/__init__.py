"""Tests of the configuration: its reference, the default campaign, the messages and the canonical form."""
