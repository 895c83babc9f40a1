"""Tests of the mathematics against formulas written independently of the package."""
