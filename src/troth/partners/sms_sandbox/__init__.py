"""Larkpost, to rehearse with: a company that carries texts to no telephone. It keeps them in memory, and shows them."""
