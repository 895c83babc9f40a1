"""Tests of the stages on tiny data: the files they write, what they refuse, and what they measure."""
