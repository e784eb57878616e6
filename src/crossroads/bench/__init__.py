"""Measurements, as ratios against a limit and against what a team would write instead."""
