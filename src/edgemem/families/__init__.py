"""Data families: how data are drawn, and which denoisers belong to them."""
