"""Crossroads: an open-source Crossroads Bank. It knows who knows whom, never what they know."""
