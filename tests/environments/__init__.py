"""Tests of what is installed: the lock files and what is made of them."""
