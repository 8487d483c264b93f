"""What the HTTP service is made of: valid applicants in, probabilities and decisions out."""
