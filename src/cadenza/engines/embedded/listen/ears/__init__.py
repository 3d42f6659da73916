"""The pack ears: a voice taken apart from its band, and notes written down, by small networks in numpy."""
