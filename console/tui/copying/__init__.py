"""What can be taken out of the console: to the terminal's clipboard, as text to select, into a file or a program."""
