"""What talks to the gateway from outside: the staff command, and later the portal."""
