"""What ARM and the services behind it refuse, a module a service."""
