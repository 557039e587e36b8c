"""What programs get: JSON, CSV and the live stream."""
