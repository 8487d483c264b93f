"""The dashboard: pages that ask the service over HTTP and never score by themselves."""
