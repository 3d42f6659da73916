"""The life of a task and the ports behind which it is stored."""
