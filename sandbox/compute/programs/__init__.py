"""Programs that run in the sandbox's runtime, not in the service: they import nothing of the sandbox."""
