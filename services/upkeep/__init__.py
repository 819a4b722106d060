"""What nobody needs any more -> forgotten, a little at a time."""
