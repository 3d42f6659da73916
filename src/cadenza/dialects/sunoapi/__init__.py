"""The sunoapi.org and kie.ai dialect: only what differs."""
