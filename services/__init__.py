"""What happens: rules in domain, effects ordered by the rooms around it."""
