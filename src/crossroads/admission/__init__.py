"""The gate: limits, signatures, nonces. What comes through is authentic and new."""
