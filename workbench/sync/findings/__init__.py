"""What a sync comes across that somebody should know: odd rows, unknown words, what has gone."""
