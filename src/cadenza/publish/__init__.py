"""Rendition to artefacts: encode, draw the cover, store by content."""
