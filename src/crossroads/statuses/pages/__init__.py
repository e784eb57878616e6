"""Pages of the institution that keeps statuses: for who is shown an attestation, and for people about themselves."""
