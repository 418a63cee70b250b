"""What functional, interop and chaos tests share: running platforms and daemons, waiting for what must come."""
