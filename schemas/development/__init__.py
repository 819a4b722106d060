"""发展互惠: offers between counties, projects held in common."""
