"""The service's own words: request, task, take, credits, abilities, errors. Pure: no I/O, no numpy."""
