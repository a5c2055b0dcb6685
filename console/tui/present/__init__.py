"""Pure: what was read -> rows and words. No Redis, no terminal."""
