"""Tasks that wait for people: who may do them, the lists they stand in, and what is said and filed about them."""
