"""What the shop's benchmark needs: a bank in memory, and a server with or without what Troth adds."""
