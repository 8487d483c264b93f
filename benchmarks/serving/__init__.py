"""The service beside what anyone would build instead: same applicants, same model, one run."""
