"""What the played vehicles and dealers are made of: tables of names and numbers, and the records built from them."""
