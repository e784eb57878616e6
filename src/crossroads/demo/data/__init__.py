"""What the demo reads: municipalities with their inhabitants (facts) and lists of common names."""
