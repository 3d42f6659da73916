"""The apiin.one dialect: only what differs."""
