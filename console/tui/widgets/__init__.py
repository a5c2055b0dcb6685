"""Widgets that know rows and words, and nothing of queues or jobs."""
