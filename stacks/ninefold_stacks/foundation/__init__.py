"""What several components stand on, one folder per target."""
