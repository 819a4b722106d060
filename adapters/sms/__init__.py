"""SMS: one provider or protocol per file."""
