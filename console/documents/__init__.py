"""JSON documents of what is shown: the command line prints them, the terminal interface copies and exports them."""
