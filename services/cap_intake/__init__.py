"""CAP documents come in: by the API or by feeds, alerts and answers to alerts."""
