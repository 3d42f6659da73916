"""What one take of a song is to be, before a note is written: words, choices, form, players, harmony."""
