"""Calendar files both ways."""
