"""Runs durable tasks: source, rendering in a child process, publishing."""
