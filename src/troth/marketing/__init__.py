"""What the data is for: audiences, and campaigns that can only reach who said yes."""
