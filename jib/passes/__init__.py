"""Interpretations of programs, one per file."""
