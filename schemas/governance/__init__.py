"""管理互协: what counties manage together: disputes, services, plans."""
