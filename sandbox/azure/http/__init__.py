"""The stand-in ARM over HTTP: the same cloud as behind gRPC, for programs that call management.azure.com themselves."""
