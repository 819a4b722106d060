"""信息互通: alerts and bulletins."""
