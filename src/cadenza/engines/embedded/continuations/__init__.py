"""How a recording goes on, through all stages."""
