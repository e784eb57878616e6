"""Handlers of pages: they ask a service and choose a template, and hold no rules."""
