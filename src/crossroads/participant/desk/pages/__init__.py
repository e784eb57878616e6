"""The pages of the desk. They hold no rules: they call the desk."""
