"""The kernel: what the words applicant, feature, cost, threshold and decision mean."""
