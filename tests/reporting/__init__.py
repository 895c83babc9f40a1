"""Tests of what is said about results."""
