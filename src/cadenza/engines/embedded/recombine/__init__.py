"""Source layers and a path to the new part of a continuation."""
