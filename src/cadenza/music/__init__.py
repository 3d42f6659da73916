"""The score's words: time, pitch, harmony, brief, score, performance. Exact, no I/O."""
