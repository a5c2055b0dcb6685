"""The console in a browser: a small server in front of one console process a browser.

The browser's half is the one of textual-serve (its wheel holds a terminal for browsers). Its server is not used: it
asks nobody who they are, starts processes through a shell, waits for ever for one that hangs, and its page loads a
font from a third party; none of that can be changed from outside without its private parts.
"""
