"""Key files, what this node trusts, and whom it lets in: everything of a county's directory but its database."""
