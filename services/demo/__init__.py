"""The demonstration: a hub and six counties on this machine play a morning on the border.

It uses the product's own commands and API only; nothing here is needed by a real node.
"""
