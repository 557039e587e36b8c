"""What people note: annotations, announced work, values that are rejected, and who was affected by them."""
