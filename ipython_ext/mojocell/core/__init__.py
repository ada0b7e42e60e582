"""What is asked of the daemon and what comes back: the client, a request, its result, errors."""
