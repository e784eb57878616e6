"""How a program answers HTTP: its connections, one process with uvicorn in it, and several side by side."""
