"""Measurements: reports for people, never tests."""
