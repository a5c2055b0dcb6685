"""Acting from the console: what is chosen, the plan, its confirmation, the run, its outcome."""
