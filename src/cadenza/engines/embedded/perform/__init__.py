"""Score to Performance: exact beats become seconds, touch and groove."""
