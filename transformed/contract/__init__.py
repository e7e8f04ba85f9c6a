"""Vehicle and Dealer: the one definition of every column; and drift, what a source sends beside it."""
