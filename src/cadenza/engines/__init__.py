"""What an engine is (protocol) and which are installed (registry)."""
