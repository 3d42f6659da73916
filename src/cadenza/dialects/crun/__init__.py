"""The crun.ai dialect: only what differs."""
