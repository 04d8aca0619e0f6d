"""What a class handed in, as learning platforms give it out: whose it is, and what cannot be anybody's."""
