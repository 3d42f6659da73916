"""Fakes that ship with the product."""
