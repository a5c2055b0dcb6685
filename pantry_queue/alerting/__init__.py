"""Telling people of alerts who do not look: what was told and what is still to be told is kept in Redis, small."""
