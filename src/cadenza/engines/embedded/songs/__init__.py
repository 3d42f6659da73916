"""A song from a request, through all stages."""
