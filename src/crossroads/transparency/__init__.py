"""What a person may know: who asked, who was told, who knows him; and what supervisors see of it."""
