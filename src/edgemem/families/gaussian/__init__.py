"""Isotropic Gaussian mixtures."""
