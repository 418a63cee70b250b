"""What is written from a checked contract; one module a target."""
