"""The append-only log: streams, commitments, checkpoints, proofs. Everybody writes, few read."""
