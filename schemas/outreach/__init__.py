"""宣传互联: campaigns and festivals held together, material for publicity."""
