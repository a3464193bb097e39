"""What became of profiles: merged, deleted, redacted, and taken out of everything stored."""
