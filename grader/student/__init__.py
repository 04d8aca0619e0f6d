"""What a student does with an exercise before it is handed in."""
