"""The only door to other hosts: every connected address is judged."""
