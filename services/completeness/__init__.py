"""That nothing is missing at either end: published again, told, asked for, proved."""
