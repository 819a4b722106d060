"""Large files beside the database."""
