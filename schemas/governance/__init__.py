"""管理互协: the joint mediation of disputes between neighbours of two counties."""
