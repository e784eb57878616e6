"""What an operator must see of the installation, over all its processes: read from the database, decided by nobody."""
