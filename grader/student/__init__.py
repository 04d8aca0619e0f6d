"""What a student does all day: begin an exercise, check it, ask for a hint, look how far it is, hand it in."""
