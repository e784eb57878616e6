"""The parts of compiling a decision: what is known of a value before any row is read, and each part of FEEL as Ibis."""
