"""What goes around every request and answer, whatever the route."""
