"""The shared language of Sihu: what a thing is. Standard library and pydantic only."""
