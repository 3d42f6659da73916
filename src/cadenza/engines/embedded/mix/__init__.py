"""Stems to one mastered Signal, joined to the source at the seam."""
