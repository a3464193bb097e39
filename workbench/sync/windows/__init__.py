"""Windows of time: planned, read, cut when dense, and read again while events come late."""
