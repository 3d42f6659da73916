"""The built-in engine: CPU only, no weights, no network."""
