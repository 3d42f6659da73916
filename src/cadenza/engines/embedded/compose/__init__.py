"""Brief to Score: harmony, melody, bass, drums."""
