"""What travels: message structs, signatures, sealing, statements, log proofs. Imports only the kernel."""
