"""Load tests: real-looking applicants against a running service, every answer checked."""
