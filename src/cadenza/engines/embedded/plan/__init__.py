"""Request and Portrait to a plan: the Brief of a song, the path of a continuation."""
