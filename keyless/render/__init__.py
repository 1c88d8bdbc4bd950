"""Plans, findings and lists as text. What is printed is decided elsewhere; here is only how."""
